"""The Unix socket behind `edgevoice status|wake|mute|unmute|stop`: one JSON line in, one out.

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

    async def run(self) -> None:
        self._make_room()
        server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LINE_BYTES)
        self._path.chmod(0o660)
        try:
            async with server:
                await server.serve_forever()
        finally:
            self._path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self._path)) == 0:
                raise ControlError(f"another edgevoice answers on {self._path}; stop it first")
        self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = self._answer(await reader.readuntil(b"\n"), _peer(writer))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            log.warning("a control client went away or sent more than %d bytes", LINE_BYTES)
        finally:
            writer.close()

    def _answer(self, line: bytes, peer: str) -> dict[str, Any]:
        try:
            command = _command(line)
            log.info("control: %s (%s)", command, peer)
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
