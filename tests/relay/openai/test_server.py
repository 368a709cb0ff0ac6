"""What the relay asks of the server, and what it makes of refusals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from edgevoice.config import UpstreamConfig
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.openai.upstream import Upstream

KEY = "sk-the-key-of-the-relay"


class Porter:
    """A server that answers everything with one status."""

    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        self.requests: list[web.Request] = []
        self._answer = (status, headers, body)

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        status, headers, body = self._answer
        return web.Response(status=status, headers=headers, text=body)


@asynccontextmanager
async def porter(
    folder: Path, status: int, headers: dict[str, str] | None = None, body: str = ""
) -> AsyncIterator[tuple[Upstream, Porter]]:
    (folder / "key").write_text(KEY)
    app, there = web.Application(), Porter(status, headers or {}, body)
    app.router.add_route("*", "/{path:.*}", there.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    config = UpstreamConfig(url=url, key_file=str(folder / "key"))
    try:
        async with Upstream(config, folder / "key") as upstream:
            yield upstream, there
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "upstream_refused", "does not accept the relay's key"),
        (404, "upstream_absent", "opens no sessions"),
        (429, "rate_limit_exceeded", "fewer calls, or money"),
        (500, "upstream_refused", "refused"),
    ],
)
async def test_a_session_that_is_refused(
    tmp_path: Path, status: int, code: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with porter(tmp_path, status, {"Retry-After": "7"}) as (upstream, _):
        with pytest.raises(CallRefused, match=said) as refused:
            await upstream.connect({"model": "m"}, "kitchen")
    assert refused.value.code == code
    assert refused.value.retry_after_s == (7.0 if status == 429 else None)
    assert KEY not in caplog.text + str(refused.value)


async def test_nobody_is_followed_elsewhere_with_the_key(tmp_path: Path) -> None:
    async with porter(tmp_path, 307, {"Location": "/elsewhere"}) as (upstream, there):
        with pytest.raises(CallRefused, match="points elsewhere"):
            await upstream.connect({"model": "m"}, "kitchen")
        with pytest.raises(CallRefused, match="points elsewhere"):
            await upstream.call("kitchen", "v=0", {})
        assert [request.path for request in there.requests] == [
            "/v1/realtime",
            "/v1/realtime/calls",
        ]


@pytest.mark.parametrize(
    ("location", "body"), [("", "v=0"), ("/v1/realtime/calls/a%20b", "v=0"), ("/x/rtc_1", "<html>")]
)
async def test_an_answer_that_is_none(tmp_path: Path, location: str, body: str) -> None:
    async with porter(tmp_path, 201, {"Location": location}, body) as (upstream, _):
        with pytest.raises(CallRefused, match="takes no calls"):
            await upstream.call("kitchen", "v=0", {})


async def test_a_refused_offer_is_the_callers_and_says_nothing_of_the_account(
    tmp_path: Path,
) -> None:
    body = '{"error":{"message":"bad offer of org-secret with sk-the***"}}'
    async with porter(tmp_path, 400, body=body) as (upstream, _):
        with pytest.raises(CallRefused, match="bad offer of … with …") as refused:
            await upstream.call("kitchen", "v=0", {})
    assert refused.value.status == 400
