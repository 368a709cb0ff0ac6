"""The board's own key: a new token for each request, made by the relay's clock."""

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from edgevoice.config import LinkConfig
from edgevoice.daemon.credentials import credential
from edgevoice.errors import LinkRefused, TokenStale, TokenTooEarly
from edgevoice.identity import call_token, device_key
from edgevoice.identity.device_key import DeviceKey
from edgevoice.link.credential import BearerToken, SignedToken
from edgevoice.link.signalling import Signalling
from tests.link.test_signalling import relay

NOW = 1_800_000_000.0
TEN_YEARS_S = 10 * 365 * 86_400.0


@pytest.fixture
def key(tmp_path: Path) -> DeviceKey:
    return device_key.create(tmp_path / "device.key")


class Guard:
    """A relay that believes tokens of this key, by its own clock, once each."""

    def __init__(self, key: DeviceKey) -> None:
        self._key = key
        self.url = ""
        self.seen: list[str] = []
        self.refusals = 0

    async def handle(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        asked = f"{request.method} {request.path}"
        try:
            claims = call_token.verify(token, self._key.public, self.url, asked, NOW)
        except TokenTooEarly:
            return self._skewed()
        except TokenStale:
            return self._skewed()
        claims.check_body(await request.read())
        assert claims.token_id not in self.seen
        self.seen.append(claims.token_id)
        return web.Response(
            status=201, text="v=0", headers={"Location": "/v1/realtime/calls/rtc_1"}
        )

    def _skewed(self) -> web.Response:
        self.refusals += 1
        date = format_datetime(datetime.fromtimestamp(NOW, UTC), usegmt=True)
        body = {"error": {"message": "the clocks differ", "code": "clock_skew"}}
        return web.json_response(body, status=401, headers={"Date": date})


async def test_each_request_has_a_token_of_its_own(key: DeviceKey) -> None:
    guard = Guard(key)
    async with relay(guard.handle) as url:
        guard.url = url
        shown = SignedToken(key, url, lambda: NOW)
        async with Signalling(LinkConfig(url=url), shown) as signalling:
            answer = await signalling.call("offer", {})
            await signalling.call("another offer", {})
            assert answer.location is not None
            await signalling.hang_up(answer.location)
    assert len(guard.seen) == 3


@pytest.mark.parametrize("off_s", [-TEN_YEARS_S, -120.0, 90.0, TEN_YEARS_S])
@pytest.mark.fault("wrong-clock")
async def test_a_wrong_clock_costs_one_request(key: DeviceKey, off_s: float) -> None:
    guard = Guard(key)
    async with relay(guard.handle) as url:
        guard.url = url
        shown = SignedToken(key, url, lambda: NOW + off_s)
        async with Signalling(LinkConfig(url=url), shown) as signalling:
            for _ in range(3):
                await signalling.call("offer", {})
    assert (guard.refusals, len(guard.seen)) == (1, 3)


@pytest.mark.fault("token-expired")
async def test_a_relay_that_never_believes_it_is_asked_twice(key: DeviceKey) -> None:
    asked = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        body = {"error": {"message": "no", "code": "clock_skew"}}
        return web.json_response(body, status=401)

    async with relay(refuse) as url:
        shown = SignedToken(key, url, lambda: NOW)
        async with Signalling(LinkConfig(url=url), shown) as signalling:
            with pytest.raises(LinkRefused, match="edgevoice pair"):
                await signalling.call("offer", {})
    assert len(asked) == 2


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 01 Jan 99999 00:00:00 GMT"])
def test_a_date_that_is_none_corrects_nothing(key: DeviceKey, date: str) -> None:
    assert not SignedToken(key, "http://127.0.0.1:1", lambda: NOW).correct(date)


def test_a_token_in_its_file_comes_before_the_key(tmp_path: Path, key: DeviceKey) -> None:
    link = LinkConfig(token_file=str(tmp_path / "token"), key_file=str(tmp_path / "device.key"))
    assert isinstance(credential(link), SignedToken)
    (tmp_path / "token").write_text("ev_abc")
    assert isinstance(credential(link), BearerToken)


def test_where_the_service_managers_copy_is_empty_the_key_is_used(
    tmp_path: Path, key: DeviceKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "credentials"
    copies.mkdir()
    (copies / "token").write_text("\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(copies))
    link = LinkConfig(token_file=str(tmp_path / "token"), key_file=str(tmp_path / "device.key"))
    assert isinstance(credential(link), SignedToken)
