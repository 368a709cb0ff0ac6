"""Clients that talk on and on, and take no goodbye. The relay has two clocks, and the last word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fault_report import Measured
from tests.relay.http.test_signalling import House
from tests.relay.socket_client import PATH
from tests.virtual_time import elapse

CLEAR = b'{"type":"input_audio_buffer.clear"}'
TALK_S = 0.5
CLOSING_S = 5.0
"""For the goodbye that is not answered."""


def frame(text: bytes) -> bytes:
    """A client's text message (RFC 6455, section 5.2), masked with zeros."""
    return b"\x81" + bytes([0x80 | len(text)]) + bytes(4) + text


class Runaway:
    """Opens a call over TCP by hand, so that no library answers the other end's close."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def upgrade(self, token: str) -> None:
        lines = [
            f"GET {PATH}?model=gpt-realtime HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            f"Authorization: Bearer {token}",
        ]
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        assert b" 101 " in await self._reader.readline()

    def talk(self) -> None:
        self._writer.write(frame(CLEAR))

    async def read_on(self) -> int:
        """Until the other end has had enough: how many bytes that was."""
        try:
            return len(await self._reader.read(-1))
        except ConnectionError:
            return 0


@asynccontextmanager
async def runaway(house: House) -> AsyncIterator[Runaway]:
    port = house.client.port
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        client = Runaway(reader, writer)
        await client.upgrade(house.kitchen)
        await elapse(0.1)
        assert house.calls.live == 1
        yield client
    finally:
        writer.close()


@pytest.mark.fault("runaway-session")
@pytest.mark.parametrize(
    ("limits", "talks", "reason"),
    [({"idle_s": 20.0}, False, "idle"), ({"session_s": 30.0}, True, "session too long")],
    ids=["the clock of silence", "the clock of the session"],
)
async def test_who_takes_no_goodbye_is_hung_up_on(
    tmp_path: Path,
    limits: dict[str, float],
    talks: bool,
    reason: str,
    measured: Measured,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    (limit_s,) = limits.values()

    async def tale(house: House) -> None:
        loop = asyncio.get_running_loop()
        async with runaway(house) as client:
            began = loop.time()
            while house.calls.live and loop.time() < began + limit_s + CLOSING_S:
                if talks:
                    client.talk()
                await elapse(TALK_S)
            ended_s = loop.time() - began
            assert limit_s - 1 < ended_s < limit_s + CLOSING_S
            async with asyncio.timeout(CLOSING_S):
                await client.read_on()
            measured(f"hung up after {ended_s:.1f} s of {limit_s:.0f} (virtual): {reason}")

    await House(str(tmp_path / "tokens"), **limits).visit(tale)
    assert f"reason={reason}" in caplog.text


@pytest.mark.fault("wake-storm")
async def test_a_device_that_calls_again_and_again_is_told_to_wait(
    tmp_path: Path, measured: Measured
) -> None:
    """As a television would have it; and once the minute is over it may call again."""

    async def tale(house: House) -> None:
        taken, waits = 0, set[int]()
        for _ in range(20):
            response = await house.call()
            taken += response.status == 201
            if response.status == 429:
                waits.add(int(response.headers["Retry-After"]))
            await elapse(3.0)
        assert 2 <= taken <= 4
        assert max(waits) <= 60
        await elapse(60.0)
        assert (await house.call()).status == 201
        measured(f"{taken} of 20 calls in a minute taken, the others told to wait")

    await House(str(tmp_path / "tokens"), starts_per_minute=2).visit(tale)
