import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from edgevoice.neighbours.event_socket import MOST_READERS, EventSocket
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.neighbour import Inbox
from tests.neighbours.board import STATUS, FakeBoard
from tests.waiting import until

pytestmark = pytest.mark.e2e


@asynccontextmanager
async def listening(path: Path) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    task = asyncio.ensure_future(EventSocket(str(path), FakeBoard().host()).run(inbox))
    await until(lambda: path.is_socket() and path.stat().st_mode & 0o777 == 0o660)
    yield inbox
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not path.is_socket()  # noqa: ASYNC240


async def test_a_reader_is_told_how_things_are_and_then_what_happens(tmp_path: Path) -> None:
    path = tmp_path / "events.sock"
    async with listening(path) as inbox:
        assert path.stat().st_mode & 0o777 == 0o660
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert json.loads(await reader.readline()) == {"event": "status", **STATUS}
        inbox.put(Happening("wake_word_detected", {"word": "alexa"}))
        assert json.loads(await reader.readline()) == {
            "event": "wake_word_detected",
            "word": "alexa",
        }
        writer.close()


async def test_one_that_does_not_read_is_let_go_and_the_others_are_not(tmp_path: Path) -> None:
    path = tmp_path / "events.sock"
    with socket.socket(socket.AF_UNIX) as deaf:
        async with listening(path) as inbox:
            deaf.connect(str(path))
            reader, writer = await asyncio.open_unix_connection(str(path))
            await reader.readline()
            for number in range(60):
                inbox.put(Happening("idle", {"number": number, "filler": "x" * 20_000}))
                assert json.loads(await reader.readline())["number"] == number
            writer.close()
            assert len(await asyncio.to_thread(all_of, deaf)) < 60 * 20_000


def all_of(connection: socket.socket) -> bytes:
    """Until the other end hangs up."""
    read = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65_536):
            read += piece
    return read


async def test_there_are_only_so_many(tmp_path: Path) -> None:
    path = tmp_path / "events.sock"
    async with listening(path):
        readers = [await asyncio.open_unix_connection(str(path)) for _ in range(MOST_READERS)]
        for reader, _ in readers:
            assert await reader.readline()
        one_more, writer = await asyncio.open_unix_connection(str(path))
        assert await one_more.read() == b""
        for _, other in [*readers, (one_more, writer)]:
            other.close()


async def test_what_a_killed_daemon_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "events.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with listening(path):
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert await reader.readline()
        writer.close()
