"""A name server that knows one name, and can fall silent."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

END = b"end"
PORT = 53
A = 1
TTL_S = 0


@dataclass
class NameServer:
    name: str
    address: str
    is_silent: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, question: bytes) -> bytes | None:
        """RFC 1035, as much as a resolver that asks for A and AAAA needs."""
        name, kind, end = _question(question)
        self.asked.append(name)
        if self.is_silent:
            return None
        is_known = name == self.name
        found = b""
        if is_known and kind == A:
            found = struct.pack(">HHHIH", 0xC00C, A, 1, TTL_S, 4) + socket.inet_aton(self.address)
        flags = 0x8180 if is_known else 0x8183
        head = question[:2] + struct.pack(">HHHHH", flags, 1, int(bool(found)), 0, 0)
        return head + question[12:end] + found


def _question(data: bytes) -> tuple[str, int, int]:
    at, labels = 12, list[str]()
    while size := data[at]:
        labels.append(data[at + 1 : at + 1 + size].decode())
        at += 1 + size
    (kind,) = struct.unpack(">H", data[at + 1 : at + 3])
    return ".".join(labels), kind, at + 5


@contextmanager
def serving(server: NameServer, sock: socket.socket) -> Iterator[None]:
    """A thread answers what arrives at this socket."""

    def serve() -> None:
        while (heard := sock.recvfrom(512))[0] != END:
            if (answer := server.answer(heard[0])) is not None:
                sock.sendto(answer, heard[1])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        sock.sendto(END, sock.getsockname())
        thread.join()
