"""Client secrets of the server behind the relay: asked of a real relay, which gets them from a
simulated OpenAI.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from edgevoice.config import DetectionConfig, LimitsConfig, RelayConfig, UpstreamConfig
from edgevoice.errors import CredentialError
from edgevoice.relay.access.tokens import create
from edgevoice.relay.openai.upstream import key_path, make_upstream, safety_identifier
from tests.link.house import serving
from tests.openai_server.server import OpenAiServer, Refused
from tests.relay.test_app import Running

KEY = "sk-the-key-that-nobody-may-see"
PATH = "/v1/realtime/client_secrets"


class Office:
    """A relay with an upstream, and somebody with a token."""

    def __init__(self, url: str, token: str, server: OpenAiServer) -> None:
        self.url = url
        self.token = token
        self.server = server

    async def ask(self, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        headers = {
            "Authorization": f"Bearer {self.token if token is None else token}",
            "Edgevoice-Direct": "1",
        }
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.url + PATH, data=data, headers=headers) as response,
        ):
            return response.status, await response.json()

    async def is_refused(self, body: Any = None, token: str | None = None) -> tuple[int, str]:
        status, answer = await self.ask(body, token)
        assert set(answer["error"]) == {"message", "type", "code", "param"}
        return status, answer["error"]["code"]


@pytest.fixture
def config(tmp_path: Path) -> RelayConfig:
    (tmp_path / "key").write_text(KEY + "\n")
    return RelayConfig(
        port=0,
        engine="parrot",
        store="memory",
        tokens_file=str(tmp_path / "tokens"),
        detection=DetectionConfig(vad="webrtc"),
        upstream=UpstreamConfig(key_file=str(tmp_path / "key")),
    )


@asynccontextmanager
async def office(
    config: RelayConfig, handle: Callable[[web.Request], Awaitable[web.Response]] | None = None
) -> AsyncIterator[Office]:
    """`handle`: an upstream that is something else than OpenAI."""
    token = create(config.tokens_file, "kitchen")
    server = OpenAiServer(KEY)
    other = web.Application()
    if handle is not None:
        other.router.add_post(PATH, handle)
    async with serving(other if handle else server.application()) as upstream:
        upstream_config = replace(config.upstream, url=upstream)
        async with asyncio.TaskGroup() as group:
            relay = Running(replace(config, upstream=upstream_config), group)
            try:
                yield Office(await relay.url(), token, server)
            finally:
                relay.stop.set()


async def test_a_secret_comes_in_openais_shape_with_the_relays_model(config: RelayConfig) -> None:
    async with office(config) as relay:
        status, secret = await relay.ask({"session": {"type": "realtime", "model": "gpt-dear"}})
        assert status == 200
        assert secret["value"] in relay.server.secrets
        assert set(secret) == {"value", "expires_at", "session"}
        assert secret["session"]["model"] == "gpt-realtime-2.1-mini"


async def test_nothing_need_be_asked_for(config: RelayConfig) -> None:
    async with office(config) as relay:
        assert (await relay.ask(b""))[0] == 200
        (seen,) = relay.server.seen
        assert seen.body == {
            "expires_after": {"anchor": "created_at", "seconds": 60},
            "session": {
                "type": "realtime",
                "model": "gpt-realtime-2.1-mini",
                "audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}},
            },
        }


async def test_the_upstream_learns_who_asks_but_not_by_name(config: RelayConfig) -> None:
    async with office(config) as relay:
        await relay.ask()
        await relay.ask()
        first, second = (seen.headers for seen in relay.server.seen)
        assert first["OpenAI-Safety-Identifier"] == second["OpenAI-Safety-Identifier"]
        assert first["OpenAI-Safety-Identifier"] == safety_identifier("kitchen")
        assert safety_identifier("kitchen") != safety_identifier("hall")
        assert "kitchen" not in str(first) and relay.token not in str(first)


async def test_a_secret_lives_no_longer_than_configured(config: RelayConfig) -> None:
    async with office(config) as relay:
        for seconds in (20, 7_200):
            await relay.ask({"expires_after": {"anchor": "created_at", "seconds": seconds}})
        assert [seen.body["expires_after"]["seconds"] for seen in relay.server.seen] == [20, 60]


async def test_ours_unless_the_device_says_so_and_nothing_of_the_account(
    config: RelayConfig,
) -> None:
    upstream = replace(config.upstream, instructions="be brief", voice="marin")
    async with office(replace(config, upstream=upstream)) as relay:
        asked = {"type": "realtime", "instructions": "be a pirate", "tracing": "auto"}
        await relay.ask({"session": {**asked, "audio": {"output": {"speed": 1.2}}}})
        assert relay.server.seen[0].body["session"] == {
            "type": "realtime",
            "model": "gpt-realtime-2.1-mini",
            "instructions": "be a pirate",
            "audio": {
                "input": {"transcription": {"model": "gpt-realtime-whisper"}},
                "output": {"voice": "marin", "speed": 1.2},
            },
        }


async def test_without_an_upstream_it_says_what_to_configure(config: RelayConfig) -> None:
    async with office(replace(config, upstream=UpstreamConfig())) as relay:
        status, answer = await relay.ask()
        assert (status, answer["error"]["code"]) == (404, "no_upstream")
        assert "relay.upstream.key_file" in answer["error"]["message"]


async def test_only_who_has_a_token_gets_one(config: RelayConfig) -> None:
    async with office(config) as relay:
        assert await relay.is_refused(token="ev_" + "x" * 40) == (401, "invalid_api_key")
        assert relay.server.seen == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"session":7}',
        b'{"session":{"audio":3}}',
        b'{"expires_after":{"seconds":5}}',
        b'{"expires_after":{"anchor":"tomorrow","seconds":60}}',
        b'{"session":' + b"[" * 9_000,
    ],
)
async def test_a_body_that_is_none_never_reaches_the_upstream(
    config: RelayConfig, body: bytes
) -> None:
    async with office(config) as relay:
        assert (await relay.ask(body))[0] == 400
        assert relay.server.seen == []


async def test_secrets_and_calls_are_counted_together(config: RelayConfig) -> None:
    limits = LimitsConfig(starts_per_minute=2)
    async with office(replace(config, limits=limits)) as relay:
        assert [(await relay.ask())[0] for _ in range(3)] == [200, 200, 429]
        headers = {"Authorization": f"Bearer {relay.token}", "Content-Type": "application/sdp"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(relay.url + "/v1/realtime/calls", data="v=0", headers=headers) as response,
        ):
            assert response.status == 429


@pytest.mark.parametrize(
    ("upstream", "expected", "told"),
    [
        (Refused(401, "invalid_api_key", f"Incorrect API key provided: {KEY}"), 502, "key_file"),
        (Refused(400, "x", f"no model for {KEY}, sk-th****, sorry"), 502, "no model for … … sorry"),
        (Refused(404, "not_found", "what?"), 502, "relay.upstream.url"),
        (Refused(429, "insufficient_quota", "You exceeded your quota"), 429, "exceeded your quota"),
        (Refused(500, "server_error", "oops"), 502, "oops"),
    ],
)
async def test_a_refusal_of_the_upstream_is_passed_on_without_the_key(
    config: RelayConfig,
    upstream: Refused,
    expected: int,
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with office(config) as relay:
        relay.server.refuse.append(upstream)
        status, answer = await relay.ask()
        assert status == expected
        assert told in answer["error"]["message"]
        assert "sk-" not in str(answer)
    assert "sk-" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(text="<html>"),
        web.Response(text='{"value":"ek_1"}'),
        web.Response(text='{"value":"two words","expires_at":1,"session":{}}'),
        web.Response(text="x" * 200_000),
    ],
    ids=["html", "no session", "no word", "endless"],
)
async def test_an_upstream_that_mints_nothing_is_said_to(
    config: RelayConfig, answer: web.Response
) -> None:
    async def handle(request: web.Request) -> web.Response:
        return answer

    async with office(config, handle) as relay:
        assert await relay.is_refused() == (502, "upstream_refused")


async def test_the_key_goes_nowhere_else(config: RelayConfig) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.query:
            return web.Response(text='{"value":"ek_1","expires_at":1,"session":{}}')
        return web.Response(status=307, headers={"Location": PATH + "?elsewhere"})

    async with office(config, handle) as relay:
        status, answer = await relay.ask()
        assert status == 502 and "points elsewhere" in answer["error"]["message"]


async def test_an_upstream_that_does_not_answer_is_given_up(config: RelayConfig) -> None:
    async def handle(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with office(config, handle) as relay:
        assert await relay.is_refused() == (504, "upstream_timeout")


async def test_neither_key_nor_secret_nor_token_is_logged(
    config: RelayConfig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with office(config) as relay:
        _, secret = await relay.ask({"session": {"instructions": "the password is hush"}})
    assert "caller=kitchen gets a client secret" in caplog.text
    for hidden in (KEY, secret["value"], relay.token, "hush", "Bearer"):
        assert hidden not in caplog.text


async def test_the_key_is_read_anew_each_time(config: RelayConfig, tmp_path: Path) -> None:
    async with office(config) as relay:
        path = tmp_path / "key"
        path.write_text("sk-another")
        assert await relay.is_refused() == (502, "upstream_refused")
        path.unlink()
        assert await relay.is_refused() == (503, "no_key")
        path.write_text(KEY)
        assert (await relay.ask())[0] == 200


@pytest.mark.parametrize("content", [None, "", "two words", "schlüssel"])
def test_a_key_file_that_holds_none_is_said_at_the_start(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CredentialError, match=r"relay\.upstream\.key_file"):
        make_upstream(UpstreamConfig(key_file=str(path)))


def test_no_key_no_upstream() -> None:
    assert make_upstream(UpstreamConfig()) is None


@pytest.mark.parametrize(
    ("credential", "expected"), [(None, "named"), ("\n", "named"), ("sk-1\n", "openai")]
)
def test_the_service_managers_copy_comes_first_unless_it_is_empty(
    tmp_path: Path, credential: str | None, expected: str
) -> None:
    if credential is not None:
        (tmp_path / "openai").write_text(credential)
    found = key_path("/the/named", str(tmp_path))
    assert found is not None and found.name == expected
    assert key_path("", None) is None
