"""A Unix socket on which programs on the board read what happens, a JSON object a line.

The first line says how things are. Readers only read; who does not is let go.
"""

import asyncio
import json
import logging
from contextlib import suppress
from pathlib import Path

from edgevoice.neighbours.hooks import as_line
from edgevoice.neighbours.neighbour import Host, Inbox

log = logging.getLogger(__name__)

MOST_READERS = 16
MOST_UNREAD_BYTES = 65_536


class EventSocket:
    name = "events socket"

    def __init__(self, path: str, host: Host) -> None:
        self._path = Path(path)
        self._host = host
        self._readers: set[asyncio.StreamWriter] = set()

    async def run(self, inbox: Inbox) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.is_socket():
            self._path.unlink()  # of a daemon that was killed
        server = await asyncio.start_unix_server(self._serve, str(self._path))
        self._path.chmod(0o660)
        try:
            while True:
                happening = await inbox.get()
                if happening is not None:
                    self._tell(as_line(happening))
        finally:
            self._path.unlink(missing_ok=True)
            server.close()
            for reader in self._readers:
                reader.transport.abort()
            await server.wait_closed()

    def _tell(self, line: bytes) -> None:
        for reader in self._readers:
            if reader.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
                log.warning("a reader of %s does not read; it is let go", self._path)
                reader.transport.abort()
            else:
                reader.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._readers) >= MOST_READERS:
                log.warning(
                    "%s has %d readers, which is all there can be", self._path, MOST_READERS
                )
                return
            self._readers.add(writer)
            writer.write(json.dumps({"event": "status", **self._host.status()}).encode() + b"\n")
            with suppress(OSError):
                while await reader.read(4_096):
                    pass  # there is nothing to be said to us
        finally:
            self._readers.discard(writer)
            writer.close()
