"""The Unix socket behind `edgevoice status`, `wake`, `volume` and others: one JSON line each way.

Local only: the socket's mode is 0660 and the peer's credentials are logged.
Nothing here decides; commands become inputs of the transceiver.
"""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgevoice.errors import ControlError

log = logging.getLogger(__name__)

LINE_BYTES = 4_096
ANSWER_S = 2.0

Handler = Callable[[str], dict[str, Any]]
"""Takes a command, returns what to answer; raises ControlError to refuse."""


class ControlServer:
    """Answers on the socket while it runs."""

    def __init__(self, path: str, handle: Handler) -> None:
        self._path = Path(path)
        self._handle = handle
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
            async with asyncio.timeout(ANSWER_S):
                answer = self._answer(await reader.readuntil(b"\n"), _peer(writer))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            log.warning("a control client went away or sent more than %d bytes", LINE_BYTES)
        finally:
            self._clients.discard(writer)
            writer.close()

    def _answer(self, line: bytes, peer: str) -> dict[str, Any]:
        try:
            command = _command(line)
            # What only looks may look often: a meter asks ten times a second.
            level = logging.DEBUG if command in ("levels", "status") else logging.INFO
            log.log(level, "control: %.80r (%s)", command, peer)
            return {"ok": True, **self._handle(command)}
        except ControlError as refused:
            return {"ok": False, "error": str(refused)}


def _command(line: bytes) -> str:
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
