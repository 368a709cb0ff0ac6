"""The first UDP datagrams of a call, from its peer and from anybody: the guard before aioice.

The relay ends each call itself, so there is no reader of ufrags before it: what looks into the
first datagrams is `webrtc/hardening/ice.py`, and behind it aioice's reader of STUN.
"""

import asyncio
import hmac
import struct
from collections.abc import Iterator
from functools import cache

from aioice import Candidate, stun
from aioice.ice import CandidatePair, Connection, StunProtocol

from edgevoice.webrtc.hardening import harden
from edgevoice.webrtc.hardening.ice import MAX_DATAGRAMS, MAX_PEER_ADDRESSES

harden()

PASSWORD = "p" * 22
PEER, STRANGER = ("192.0.2.1", 40_000), "198.51.100.1"
KNOWS_PASSWORD, IS_PEER = 1, 2
HEAD = struct.Struct("!BB")
"""Who sends it, and how long it is."""
MOST = 80
"""Datagrams for each input."""


def contract(data: bytes) -> None:
    """Nothing is raised, strangers get no answer, and what is kept is bounded."""
    _loop().run_until_complete(_played(data))


async def _played(data: bytes) -> None:
    line = _Line()
    knew = False
    for number, (sender, content) in zip(range(MOST), _datagrams(data), strict=False):
        address = PEER if sender & IS_PEER else (STRANGER, 1_024 + number)
        if sender & KNOWS_PASSWORD:
            knew, content = True, _signed(content)
        line.protocol.datagram_received(content, address)
    assert knew or not line.sent, "a stranger got an answer"
    assert len(line.connection._remote_candidates) <= MAX_PEER_ADDRESSES
    assert line.connection._queue.qsize() <= MAX_DATAGRAMS
    for pair in line.connection._check_list:
        if pair.task is not None:
            pair.task.cancel()


class _Line:
    """A connection whose peer is known, without sockets."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.connection = Connection(
            ice_controlling=False, local_username="abcd", local_password=PASSWORD
        )
        self.connection.remote_username, self.connection.remote_password = "wxyz", "q" * 22
        self.connection._early_checks_done = True
        self.protocol = StunProtocol(self.connection)
        self.protocol.local_candidate = _candidate(("192.0.2.9", 50_000))
        self.protocol.connection_made(self)  # type: ignore[arg-type]
        peer = _candidate(PEER)
        pair = CandidatePair(self.protocol, peer)
        pair.state = CandidatePair.State.SUCCEEDED
        self.connection._remote_candidates.append(peer)
        self.connection._check_list.append(pair)

    def sendto(self, data: bytes, address: object) -> None:
        self.sent.append(data)

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return "192.0.2.9", 50_000


def _candidate(address: tuple[str, int]) -> Candidate:
    host, port = address
    return Candidate("1", 1, "udp", 2_130_706_431, host, port, "host")


def _datagrams(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + HEAD.size <= len(data):
        sender, length = HEAD.unpack_from(data, at)
        at += HEAD.size
        yield sender, data[at : at + length]
        at += length


def _signed(attributes: bytes) -> bytes:
    """A request with these attributes, by somebody who knows the password."""
    username = b"abcd:wxyz" + bytes(3)
    body = struct.pack("!HH", 0x0006, 9) + username + attributes
    head = struct.pack("!HHI", 1, len(body) + stun.INTEGRITY_LENGTH, stun.COOKIE) + bytes(12)
    digest = hmac.new(PASSWORD.encode(), head + body, "sha1").digest()
    return head + body + struct.pack("!HH", 0x0008, len(digest)) + digest


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
