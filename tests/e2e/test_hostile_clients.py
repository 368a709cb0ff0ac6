"""What others do to the relay is not heard in a session that is going on.

One caller listens to a long answer, packet by packet, while everybody else misbehaves.
"""

import asyncio
import io
import json
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from edgevoice.relay.access import tokens
from edgevoice.relay.http.lobby import MAX_WAITING
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.e2e.listener import Listener, listening
from tests.fault_report import Measured
from tests.webrtc.test_sdp import BROWSER

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

LONGEST_WAIT_S = 0.8
"""Between two packets of the answer. Machines that test are busy; a relay that parses 4 MB of
brackets on its event loop, or answers a flood first, is silent for seconds."""
LONGEST_GAP_S = 0.5
WORDS = " ".join(["la"] * 400)
"""A minute of whistling."""
DEEP = "[" * 5_000 + "]" * 5_000
HOSTILE = {"Authorization": "Bearer ev_this_is_no_token_at_all_and_never_was_one"}
REFUSED = (400, 401, 403, 404, 408, 413, 415, 429, 503)


class Stranger:
    """Knows the address; and the token of somebody who may call, for what needs one."""

    def __init__(self, relay: RunningRelay, http: aiohttp.ClientSession, token: str) -> None:
        self._http = http
        self._calls = f"{relay.url}/v1/realtime/calls"
        self._secrets = f"{relay.url}/v1/realtime/client_secrets"
        self._socket = f"{relay.url}/v1/realtime?model=parrot"
        self._health = f"{relay.url}/healthz"
        parts = urlsplit(relay.url)
        self._place = (parts.hostname or "", parts.port or 0)
        self._admitted = {"Authorization": f"Bearer {token}"}
        self._held = AsyncExitStack()
        self.media_port = 0

    async def leave(self) -> None:
        await self._held.aclose()

    async def _post(self, url: str, body: object, **headers: str) -> int:
        given = {"Content-Type": "application/sdp"} | headers
        try:
            async with self._http.post(url, data=body, headers=given) as response:
                await response.read()
                return response.status
        except aiohttp.ClientError:
            return 413  # hung up on in the middle of a body that is too long

    async def guess_tokens(self) -> None:
        """Bearer tokens, and tokens that devices might have signed."""
        guesses = ["ev_" + os.urandom(24).hex() for _ in range(150)]
        guesses += ["e30." + os.urandom(40).hex() + "." + os.urandom(20).hex() for _ in range(50)]
        guesses += ["ek_" + os.urandom(24).hex() for _ in range(50)]
        at_once = asyncio.Semaphore(MAX_WAITING // 2)  # of many the relay hangs up on some

        async def ask(guess: str) -> int:
            async with at_once:
                return await self._post(self._calls, BROWSER, Authorization=f"Bearer {guess}")

        assert set(await asyncio.gather(*map(ask, guesses))) == {401}

    async def send_too_much(self) -> None:
        for url in (self._calls, self._secrets):
            for who in (HOSTILE, self._admitted):
                assert await self._post(url, io.BytesIO(b"a" * 4_000_000), **who) in REFUSED

    async def nest_deep(self) -> None:
        json_type = {"Content-Type": "application/json"}
        body = f'{{"session":{DEEP}}}'
        assert await self._post(self._secrets, body, **self._admitted, **json_type) in REFUSED
        async with self._connected() as ws:
            for _ in range(20):
                await ws.send_str(f'{{"type":"response.create","response":{DEEP}}}')
            errors = [json.loads(await ws.receive_str(timeout=5)) for _ in range(21)]
            assert [event["type"] for event in errors[1:]] == ["error"] * 20

    def _connected(self) -> aiohttp.client._WSRequestContextManager:
        """Who does not wait for the other half of the goodbye."""
        return self._http.ws_connect(
            self._socket,
            headers=self._admitted,
            max_msg_size=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=0.3),
        )

    async def send_long_messages(self) -> None:
        """4 MB of text, more than there may be of anything but sound."""
        async with self._connected() as ws:
            with suppress(ConnectionError, aiohttp.ClientError):
                for _ in range(2):
                    await ws.send_str(json.dumps({"type": "x", "filler": "a" * 4_000_000}))
            with suppress(TimeoutError):
                await ws.receive(timeout=2)

    async def flood_with_requests(self) -> None:
        async def ask() -> None:
            for _ in range(40):
                async with self._http.get(self._health) as response:
                    await response.read()

        await asyncio.gather(*(ask() for _ in range(25)))

    async def flood_with_events(self) -> None:
        """The relay reads on as fast as it has said, and no faster."""
        async with self._connected() as ws:
            for _ in range(1_000):
                await ws.send_str('{"type":"input_audio_buffer.clear"}')

    async def read_slowly(self) -> None:
        """An hour of answers is asked for, and nothing is read."""
        _, writer = await asyncio.open_connection(*self._place, limit=1_024)
        self._held.callback(writer.close)
        writer.transport.pause_reading()
        upgrade = [
            "GET /v1/realtime?model=parrot HTTP/1.1",
            f"Host: {self._place[0]}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            f"Authorization: {self._admitted['Authorization']}",
        ]
        writer.write("\r\n".join([*upgrade, "", ""]).encode())
        item = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": WORDS}],
        }
        for _ in range(40):
            for event in (
                {"type": "conversation.item.create", "item": item},
                {"type": "response.create"},
            ):
                writer.write(_frame(json.dumps(event).encode()))
        with suppress(TimeoutError):
            await asyncio.wait_for(writer.drain(), 1)
        await asyncio.sleep(1)

    async def keep_doors_open(self) -> None:
        """Connections that say nothing, and requests that never end."""
        for number in range(150):
            _, writer = await asyncio.open_connection(*self._place)
            self._held.callback(writer.close)
            if number % 2:
                writer.write(b"POST /v1/realtime/calls HTTP/1.1\r\nContent-Length: 99\r\n")
        await asyncio.sleep(0.5)

    async def throw_datagrams(self) -> None:
        """At the socket of the session that is listened to."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            for number in range(3_000):
                with suppress(BlockingIOError):
                    sock.sendto(os.urandom(number % 1_200), ("127.0.0.1", self.media_port))
                if number % 100 == 0:
                    await asyncio.sleep(0.01)

    async def place_calls_and_leave(self) -> None:
        asked = (self._post(self._calls, BROWSER, **self._admitted) for _ in range(12))
        assert set(await asyncio.gather(*asked)) <= {201, 429}


def _frame(payload: bytes) -> bytes:
    """A client's text message (RFC 6455, section 5.2), masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
    return b"\x81" + length + bytes(4) + payload


Attack = Callable[[Stranger], Awaitable[None]]
ATTACKS: tuple[Attack, ...] = (
    Stranger.guess_tokens,
    Stranger.send_too_much,
    Stranger.nest_deep,
    Stranger.send_long_messages,
    Stranger.flood_with_requests,
    Stranger.flood_with_events,
    Stranger.read_slowly,
    Stranger.keep_doors_open,
    Stranger.throw_datagrams,
    Stranger.place_calls_and_leave,
)


async def attacked(listener: Listener, stranger: Stranger, attack: Attack) -> str:
    """What of it was heard; empty: nothing."""
    listener.packets.clear()
    name = getattr(attack, "__name__", "")
    await attack(stranger)
    await asyncio.sleep(0.1)
    if not listener.packets:
        return f"{name}: nothing was heard any more"
    if lost := listener.lost():
        return f"{name}: {lost} packets were lost"
    if listener.longest_gap_s() > LONGEST_GAP_S:
        return f"{name}: a gap of {listener.longest_gap_s():.2f} s in the sound"
    if listener.longest_wait_s() > LONGEST_WAIT_S:
        return f"{name}: silent for {listener.longest_wait_s():.2f} s"
    return ""


@pytest.mark.fault("hostile-events", "udp-flood", "malformed-sdp")
async def test_nothing_of_it_is_heard_in_a_session_that_is_going_on(
    tmp_path: Path, measured: Measured
) -> None:
    async with (
        relay_process("parrot", tmp_path) as relay,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        other = tokens.create(str(tmp_path / "tokens"), "stranger")
        async with listening(relay, relay.token, http) as listener:
            listener.ask(WORDS)
            await listener.until("output_audio_buffer.started")
            stranger = Stranger(relay, http, other)
            stranger.media_port = listener.media_port
            heard, waits = [], []
            for attack in ATTACKS:
                heard.append(await attacked(listener, stranger, attack))
                waits.append(listener.longest_wait_s())
            await stranger.leave()
            assert list(filter(None, heard)) == []
            assert "output_audio_buffer.stopped" not in listener.kinds, "the answer was too short"
            measured(
                f"{len(ATTACKS)} attacks during an answer: no packet lost, the longest wait for"
                f" one {max(waits):.2f} s"
            )
    log = (tmp_path / "relay.log").read_text()
    assert "Traceback" not in log
    assert other not in log and relay.token not in log
