"""The Unix socket behind `edgevoice status`, `wake`, `volume` and others: one JSON line each way.

Local only: the socket's mode is 0660 and the peer's credentials are logged.
Nothing here decides; what there is to ask is a table in `commands.py`.
"""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from edgevoice.daemon.control.client import LINE_BYTES
from edgevoice.daemon.control.commands import Answer
from edgevoice.errors import ControlError

log = logging.getLogger(__name__)

ANSWER_S = 2.0


class Obeys(Protocol):
    """The part of the table of commands used here."""

    def obey(self, line: str) -> Answer: ...

    def only_looks(self, line: str) -> bool: ...

    def loggable(self, line: str) -> str: ...

    def patience_s(self, line: str) -> float: ...


class ControlServer:
    """Answers on the socket while it runs."""

    def __init__(self, path: str, commands: Obeys) -> None:
        self._path = Path(path)
        self._commands = commands
        self._clients: set[asyncio.StreamWriter] = set()

    async def run(self) -> None:
        server = await self._listen()
        try:
            await asyncio.Event().wait()
        finally:
            self._path.unlink(missing_ok=True)
            server.close()
            self._let_go()
            await server.wait_closed()

    async def _listen(self) -> asyncio.Server:
        try:
            self._make_room()
            server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LINE_BYTES)
            self._path.chmod(0o660)
        except ControlError:
            raise
        except OSError as trouble:
            raise ControlError(
                f"no socket can be made at {self._path} ({trouble}); correct control.socket"
            ) from trouble
        return server

    def _let_go(self) -> None:
        """Closing a server waits for its clients, and one that says nothing may take its time."""
        for client in self._clients:
            client.transport.abort()

    def _make_room(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return
        if not self._path.is_socket():
            raise ControlError(f"{self._path} is no socket and stays; correct control.socket")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self._path)) == 0:
                raise ControlError(f"another edgevoice answers on {self._path}; stop it first")
        self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            async with asyncio.timeout(ANSWER_S) as patience:
                line = await reader.readuntil(b"\n")
                now = asyncio.get_running_loop().time()
                patience.reschedule(now + self._patience_s(line))
                answer = await self._answer(line, _peer(writer))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            log.warning("a control client went away, or sent more than %d bytes", LINE_BYTES)
        finally:
            self._clients.discard(writer)
            writer.close()

    def _patience_s(self, line: bytes) -> float:
        """Some commands ask others, who take their time."""
        try:
            return ANSWER_S + self._commands.patience_s(command_of(line))
        except ControlError:
            return ANSWER_S

    async def _answer(self, line: bytes, peer: str) -> dict[str, Any]:
        try:
            command = command_of(line)
            # A meter asks ten times a second.
            level = logging.DEBUG if self._commands.only_looks(command) else logging.INFO
            log.log(level, "control: %.80r (%s)", self._commands.loggable(command), peer)
            told = self._commands.obey(command)
            return {"ok": True, **(told if isinstance(told, Mapping) else await told)}
        except ControlError as refused:
            return {"ok": False, "error": str(refused)}


def command_of(line: bytes) -> str:
    """What is asked for, not yet judged; ControlError where the line is none of ours."""
    try:
        asked = json.loads(line)
        command = asked["command"]
    except (ValueError, KeyError, TypeError, RecursionError):
        command = None
    if not isinstance(command, str):
        raise ControlError('send one line such as {"command": "status"}')
    return command


def _peer(writer: asyncio.StreamWriter) -> str:
    credentials = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    pid, uid, _gid = struct.unpack("3i", credentials)
    return f"pid {pid}, uid {uid}" if uid != os.getuid() else f"pid {pid}"
