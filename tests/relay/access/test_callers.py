"""Who calls: by a token, as a paired device, with a client secret; and who does not."""

import logging
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edgevoice.identity import device_key
from edgevoice.relay.access.callers import Caller, Callers, address_of, secret_digest
from edgevoice.relay.access.tokens import create, revoke
from edgevoice.relay.http.signalling import in_openai_shape
from edgevoice.relay.monitoring.observers import unobserved
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Secret
from tests.relay.doors import PairedDevice, callers, paired, wall_clock
from tests.virtual_time import elapse

POST = "POST /v1/realtime/calls"
BODY = b"v=0\r\n"


class Door:
    """Answers who came through it."""

    def __init__(self, known: Callers) -> None:
        self._known = known
        self.last: Caller
        self.client: TestClient

    def application(self) -> web.Application:
        app = web.Application(middlewares=[in_openai_shape(unobserved)])
        app.router.add_route("*", "/{path:.*}", self._open)
        return app

    async def _open(self, request: web.Request) -> web.Response:
        recognised = await self._known.recognise(request)
        self.last = await self._known.admit(recognised, await request.read())
        return web.Response(text=str(self.last))

    async def knock(self, headers, body=BODY, path="/v1/realtime/calls", method="POST"):
        """Who came in, or why not."""
        async with self.client.request(method, path, data=body, headers=headers) as response:
            self.date = parsedate_to_datetime(response.headers["Date"]).timestamp()
            if response.status == 200:
                return await response.text()
            return response.status, (await response.json())["error"]["code"]


@pytest.fixture
def tokens_file(tmp_path):
    return str(tmp_path / "tokens")


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
async def door(tokens_file, store):
    made = Door(callers(tokens_file, store))
    async with TestClient(TestServer(made.application())) as made.client:
        yield made


@pytest.fixture
async def kitchen(store, tmp_path) -> PairedDevice:
    return await paired(store, tmp_path)


def write_tokens(tokens_file: str, *tokens: str) -> None:
    """That somebody else has made."""
    lines = [f"odd{i}:{secret_digest(token)}\n" for i, token in enumerate(tokens)]
    Path(tokens_file).write_text("".join(lines))


def bearer(credential: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credential}"}


async def test_a_token_is_known_by_its_name(door, tokens_file):
    token = create(tokens_file, "hall")
    assert await door.knock(bearer(token)) == "hall"
    assert door.last == Caller("hall", "token", "hall", "127.0.0.1")
    assert await door.knock(bearer(token + "x")) == (401, "invalid_api_key")
    assert await door.knock({}) == (401, "invalid_api_key")


async def test_a_token_may_look_like_anything(door, tokens_file):
    odd = ["ek_" + "x" * 30, "header.claims.signature"]
    write_tokens(tokens_file, *odd)
    assert [await door.knock(bearer(token)) for token in odd] == ["odd0", "odd1"]


async def test_a_device_is_known_by_its_key_and_called_by_its_name(door, kitchen):
    assert await door.knock(kitchen.headers(POST, BODY)) == "kitchen"
    assert door.last == Caller(kitchen.name, "device", "kitchen", "127.0.0.1")


async def test_a_token_of_a_device_is_good_once(door, kitchen, caplog):
    assert await door.knock(kitchen.headers(POST, BODY)) == "kitchen"
    assert await door.knock(kitchen.last) == (401, "token_used")
    assert kitchen.name in caplog.text
    assert kitchen.last["Authorization"].split()[1] not in caplog.text


async def test_and_still_only_once_when_it_is_nearly_too_old(door, kitchen):
    assert await door.knock(kitchen.headers(POST, BODY)) == "kitchen"
    await elapse(89)
    assert await door.knock(kitchen.last) == (401, "token_used")
    await elapse(2)
    assert await door.knock(kitchen.last) == (401, "clock_skew")


async def test_whoever_steals_it_can_ask_for_nothing_else(door, kitchen):
    stolen = kitchen.headers(POST, BODY)
    assert await door.knock(stolen, b"v=1\r\n") == (401, "token_for_another")
    assert await door.knock(stolen, BODY, "/v1/realtime/client_secrets") == (
        401,
        "token_for_another",
    )
    assert await door.knock(stolen, None, method="GET") == (401, "token_for_another")
    assert await door.knock(stolen) == "kitchen"  # none of these has used it up


async def test_the_query_is_not_part_of_what_is_signed(door, kitchen):
    headers = kitchen.headers("GET /v1/realtime")
    assert await door.knock(headers, None, "/v1/realtime?model=x", "GET") == "kitchen"


async def test_a_relay_cannot_use_at_another_what_it_was_sent(door, kitchen):
    kitchen.origin = "https://another.relay"
    assert await door.knock(kitchen.headers(POST, BODY)) == (401, "token_for_another")


@pytest.mark.parametrize("ahead_s", [-86_400.0, -91.0, 31.0, 86_400.0])
@pytest.mark.fault("wrong-clock")
async def test_a_wrong_clock_is_said_and_repaired_by_the_date(door, kitchen, ahead_s):
    kitchen.clock_is_ahead_s = ahead_s
    assert await door.knock(kitchen.headers(POST, BODY)) == (401, "clock_skew")
    kitchen.clock_is_ahead_s = 0.0
    assert await door.knock(kitchen.headers(POST, BODY)) == "kitchen"
    assert door.date > 0


async def test_only_a_device_that_is_paired_and_not_revoked(door, store, kitchen, tmp_path):
    stranger = PairedDevice(device_key.create(tmp_path / "stranger"))
    assert await door.knock(stranger.headers(POST, BODY)) == (401, "unknown_device")
    assert await door.knock(kitchen.headers(POST, BODY)) == "kitchen"
    await store.revoke_device(kitchen.name, wall_clock())
    assert await door.knock(kitchen.headers(POST, BODY)) == (403, "device_revoked")


async def test_a_stranger_cannot_speak_for_a_device(door, kitchen, tmp_path):
    stranger = PairedDevice(device_key.create(tmp_path / "stranger"))
    _, claims, signature = stranger.headers(POST, BODY)["Authorization"].split(".")
    _, ours, _ = kitchen.headers(POST, BODY)["Authorization"].split(".")
    head = kitchen.last["Authorization"].partition(".")[0]
    forged = {"Authorization": f"{head}.{ours}.{signature}"}
    assert await door.knock(forged) == (401, "invalid_api_key")
    assert claims != ours


async def test_a_renamed_device_is_the_same_caller(door, store, kitchen):
    await store.rename_device(kitchen.name, "pantry")
    assert await door.knock(kitchen.headers(POST, BODY)) == "pantry"
    assert door.last.name == kitchen.name


async def test_it_is_noted_when_a_device_was_seen_but_not_each_time(door, store, kitchen):
    await door.knock(kitchen.headers(POST, BODY))
    seen = (await store.device(kitchen.name)).seen_at
    await elapse(59)
    await door.knock(kitchen.headers(POST, BODY))
    assert (await store.device(kitchen.name)).seen_at == seen
    await elapse(2)
    await door.knock(kitchen.headers(POST, BODY))
    assert (await store.device(kitchen.name)).seen_at == pytest.approx(seen + 61)


async def test_a_device_that_floods_is_told_to_wait(door, kitchen):
    answers = [await door.knock(kitchen.headers(POST, BODY)) for _ in range(45)]
    assert answers[:40] == ["kitchen"] * 40
    assert answers[40:] == [(429, "rate_limit_exceeded")] * 5
    await elapse(1)
    assert await door.knock(kitchen.headers(POST, BODY)) == "kitchen"


async def secret_of(store, owner, session="{}"):
    value = "ek_" + "s" * 40
    await store.add_secret(Secret(secret_digest(value), owner, wall_clock() + 600, session))
    return bearer(value)


async def test_a_secret_is_its_owner_with_settings(door, store, tokens_file):
    create(tokens_file, "hall")
    secret = await secret_of(store, "hall", '{"instructions":"Be brief."}')
    assert await door.knock(secret) == "hall"
    assert (door.last.name, door.last.kind) == ("hall", "secret")
    assert door.last.session_patch == {"instructions": "Be brief."}
    assert await door.knock(secret) == "hall"  # as often as one likes
    await elapse(600)
    assert await door.knock(secret) == (401, "invalid_api_key")


async def test_a_secret_is_worth_nothing_without_its_owner(door, store, kitchen, tokens_file):
    create(tokens_file, "hall")
    of_hall = await secret_of(store, "hall")
    revoke(tokens_file, "hall")
    assert await door.knock(of_hall) == (401, "invalid_api_key")
    of_kitchen = await secret_of(store, kitchen.name)
    assert await door.knock(of_kitchen) == "kitchen"
    await store.revoke_device(kitchen.name, wall_clock())
    assert await door.knock(of_kitchen) == (401, "invalid_api_key")


async def test_browsers_send_theirs_as_a_subprotocol(door, tokens_file):
    token = create(tokens_file, "hall")
    offered = {"Sec-WebSocket-Protocol": f"realtime, openai-insecure-api-key.{token}"}
    assert await door.knock(offered) == "hall"
    other = {"Sec-WebSocket-Protocol": "realtime, openai-insecure-api-key."}
    assert await door.knock(other) == (401, "invalid_api_key")


@pytest.mark.parametrize("credential", ["a.b.c", "..", "ek_", "dev_", "x" * 8_000, "\udcff.x.y"])
async def test_rubbish_is_401(door, credential, caplog):
    sent = {"Authorization": f"Bearer {credential}".encode("utf-8", "surrogateescape").decode("l1")}
    status, _ = await door.knock(sent)
    assert status == 401
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_behind_a_proxy_the_address_is_what_the_proxy_itself_saw(tokens_file):
    seen = []

    async def note(request: web.Request) -> web.Response:
        seen.append(tuple(address_of(request, proxied) for proxied in (False, True)))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", note)
    async with TestClient(TestServer(app)) as client:
        await client.get("/", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"})
        await client.get("/", headers={"X-Forwarded-For": "<script>"})
        await client.get("/")
    here = "127.0.0.1"
    assert seen == [(here, "192.0.2.7"), (here, here), (here, here)]
