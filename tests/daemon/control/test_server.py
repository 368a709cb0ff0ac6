"""The control socket with a real client, and with clients that misbehave."""

import asyncio
import contextlib
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.control.client import LINE_BYTES, request
from edgevoice.daemon.control.commands import Command, Commands
from edgevoice.daemon.control.server import ANSWER_S, ControlServer
from edgevoice.errors import ControlError


def diary() -> dict[str, Any]:
    return {"pages": ["x" * 99] * 9_999}


async def slow(argument: str) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"read": argument}


def table() -> Commands:
    commands = Commands()
    commands.add(
        {
            "status": Command(lambda argument: {"state": "idle"}, "what it does", looks=True),
            "diary": Command(lambda argument: diary(), "a long answer"),
            "slow": Command(slow, "a late one", argument=True),
        }
    )
    return commands


def listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[None]:
    serving = asyncio.ensure_future(ControlServer(str(path), table()).run())
    while not listening(path):  # noqa: ASYNC110 a socket tells nobody that it listens
        await asyncio.sleep(0)
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def sent(path: Path, data: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(data)
    writer.write_eof()
    line = await reader.read()
    writer.close()
    return line


async def test_a_command_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "run" / "control.sock"
    async with served(path):
        assert await asyncio.to_thread(request, str(path), "status") == {"state": "idle"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


async def test_an_answer_may_be_long_and_late(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path):
        assert await asyncio.to_thread(request, str(path), "diary") == diary()
        assert await asyncio.to_thread(request, str(path), "slow page 7") == {"read": "page 7"}


def test_a_question_may_not_be_long(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="too long; 4096 is the most"):
        request(str(tmp_path / "none.sock"), "x" * LINE_BYTES)


async def test_a_refusal_reaches_the_client_as_an_error(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path):
        with pytest.raises(ControlError, match="unknown command 'dance'"):
            await asyncio.to_thread(request, str(path), "dance")


@pytest.mark.parametrize(
    "line",
    [b"[]\n", b"{}\n", b'{"command": 7}\n', b"nonsense\n", b"\xff\xfe\n", b"[" * 900 + b"\n"],
)
async def test_garbage_is_told_what_to_send_and_the_next_client_is_served(
    tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "control.sock"
    async with served(path):
        answer = json.loads(await sent(path, line))
        assert answer["ok"] is False and "status" in answer["error"]
        assert await asyncio.to_thread(request, str(path), "status")


@pytest.mark.parametrize("line", [b"", b"no end of line", b"x" * (3 * LINE_BYTES)])
async def test_a_client_that_never_finishes_a_line_is_let_go(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "control.sock"
    async with served(path):
        try:
            assert await sent(path, line) == b""
        except ConnectionError:
            pass
        assert await asyncio.to_thread(request, str(path), "status")


async def test_a_socket_left_by_a_dead_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(ControlError, match="start it"):
        await asyncio.to_thread(request, str(path), "status")
    async with served(path):
        assert await asyncio.to_thread(request, str(path), "status")


async def test_a_second_daemon_leaves_the_first_ones_socket_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    async with served(path):
        with pytest.raises(ControlError, match="^another edgevoice"):
            await ControlServer(str(path), table()).run()
        assert await asyncio.to_thread(request, str(path), "status")


async def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_text("precious")
    with pytest.raises(ControlError, match=r"^/\S+diary.txt is no socket and stays"):
        await ControlServer(str(path), table()).run()
    assert path.read_text() == "precious"


@pytest.mark.parametrize("place", ["file/control.sock", "x" * 150 + "/control.sock"])
async def test_a_place_where_no_socket_can_be_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ControlError, match="^no socket can be made at .* correct control.socket"):
        await ControlServer(str(tmp_path / place), table()).run()


def test_without_a_daemon_the_error_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="systemctl start edgevoice"):
        request(str(tmp_path / "none.sock"), "status")


async def test_a_client_that_says_nothing_does_not_hold_up_the_end(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    loop = asyncio.get_running_loop()
    async with served(path):
        reader, writer = await asyncio.open_unix_connection(str(path))
        assert await asyncio.to_thread(request, str(path), "status")
        stopped_at = loop.time()
    assert loop.time() - stopped_at < ANSWER_S / 10
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


async def test_what_a_client_sends_cannot_pass_for_a_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "control.sock"
    caplog.set_level("INFO")
    async with served(path):
        await sent(path, b'{"command": "x\\n12:00 ERROR the house is on fire \\ud800"}\n')
    assert caplog.messages and all(
        message.isprintable() and message.isascii() for message in caplog.messages
    )
