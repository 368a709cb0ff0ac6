"""What we change in aiortc's DTLS: lost flights are sent again soon, and nothing piles up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from OpenSSL import SSL

from edgevoice.webrtc.hardening.hooks import AIORTC, Hook, attributes
from edgevoice.webrtc.hardening.ice import round_trip
from edgevoice.webrtc.hardening.timers import MOST_S, resend_after_s

FLIGHT_RESEND_S = 0.15
"""OpenSSL's own timer starts at 1 s."""
RESENDS = (1.0, 1.0, 1.3, 2.0, 2.7, 2.7)
"""Pauses before a flight is sent again, in units of the first."""

DATAGRAM_BYTES = 1500

HANDSHAKE = bytes([22])
IN_THE_CLEAR = bytes(2)
"""First byte and epoch of a record (RFC 6347, section 4.1)."""

Step = Callable[..., Awaitable[None]]


def write_all(write: Step) -> Step:
    """aiortc sends the first 1500 bytes that OpenSSL has made and keeps the rest for ever.

    A peer that acknowledges in fragments makes us answer in more than that.
    """

    async def _write_ssl(self: Any) -> None:
        await write(self)
        while left := pending(self._ssl.bio_read):
            await self.transport._send(left)

    return _write_ssl


def read_all(receive: Step) -> Step:
    """aiortc reads one record of each datagram; the others would wait, more of them each time."""

    async def _recv_next(self: Any) -> None:
        await receive(self)
        while self.encrypted and (record := pending(self._ssl.recv)):
            if self._data_receiver is not None:
                await self._data_receiver._handle_data(record)

    return _recv_next


def pending(read: Callable[[int], bytes]) -> bytes:
    """Raises ConnectionError when the peer has said goodbye."""
    try:
        return read(DATAGRAM_BYTES)
    except SSL.ZeroReturnError:
        raise ConnectionError from None
    except SSL.Error:
        return b""


def remember_flight(write: Step) -> Step:
    """Keep the last handshake flight, so that it can be sent again."""

    async def _write_ssl(self: Any) -> None:
        if self.encrypted:
            await write(self)
            return
        send = self.transport._send
        flight: list[bytes] = []

        async def remember(data: bytes) -> None:
            flight.append(data)
            self.last_flight, self.flight_at = flight, asyncio.get_running_loop().time()
            await send(data)

        self.transport._send = remember
        try:
            await write(self)
        finally:
            self.transport._send = send

    return _write_ssl


def resend_flights(shake: Step) -> Step:
    """A lost handshake packet costs two round trips instead of 1 s or 3 s."""

    async def resend(self: Any) -> None:
        for pause in RESENDS:
            await unanswered(self, pause)
            self.flight_at = asyncio.get_running_loop().time()
            try:
                await send_flight(self)
            except ConnectionError:
                return

    async def _do_handshake(self: Any) -> None:
        async with asyncio.TaskGroup() as group:
            resender = group.create_task(resend(self))
            try:
                await shake(self)
            finally:
                resender.cancel()
        if self.encrypted and self._role == "server":
            self.transport._recv = repeating_last_flight(self, self.transport._recv)

    return _do_handshake


def repeating_last_flight(dtls: Any, receive: Callable[[], Awaitable[bytes]]) -> Any:
    """A client that repeats itself has not got the server's last flight.

    OpenSSL drops what we repeat as a replay, because we do it byte by byte, and says nothing.
    """
    left = len(RESENDS)

    async def _recv() -> bytes:
        nonlocal left
        data = await receive()
        if left and data[:1] == HANDSHAKE and data[3:5] == IN_THE_CLEAR:
            left -= 1
            await send_flight(dtls)
        return data

    return _recv


async def send_flight(dtls: Any) -> None:
    for data in dtls.last_flight:
        await dtls.transport._send(data)


async def unanswered(dtls: Any, pause: float) -> None:
    """Until nothing new was sent for this long, once anything was."""
    loop = asyncio.get_running_loop()
    while True:
        rtt_s = round_trip(getattr(dtls.transport, "_connection", None))
        wait_s = min(pause * resend_after_s(rtt_s, FLIGHT_RESEND_S), MOST_S)
        left_s: float = getattr(dtls, "flight_at", loop.time()) + wait_s - loop.time()
        if left_s <= 0:
            return
        await asyncio.sleep(left_s)


DTLS = "aiortc.rtcdtlstransport:RTCDtlsTransport"
ICE_TRANSPORT = "aiortc.rtcicetransport:RTCIceTransport"
SEES_ICE = attributes(DTLS, "transport") + attributes(ICE_TRANSPORT, "_send", "_connection")

HOOKS = (
    Hook(
        f"{DTLS}._write_ssl",
        ("self",),
        write_all,
        AIORTC,
        SEES_ICE + attributes(DTLS, "_ssl"),
        is_security=True,
    ),
    Hook(
        f"{DTLS}._recv_next",
        ("self",),
        read_all,
        AIORTC,
        attributes(DTLS, "_ssl", "encrypted", "_data_receiver"),
        is_security=True,
    ),
    Hook(
        f"{DTLS}._write_ssl",
        ("self",),
        remember_flight,
        AIORTC,
        SEES_ICE + attributes(DTLS, "encrypted"),
    ),
    Hook(
        f"{DTLS}._do_handshake",
        ("self",),
        resend_flights,
        AIORTC,
        SEES_ICE + attributes(DTLS, "encrypted", "_role") + attributes(ICE_TRANSPORT, "_recv"),
    ),
)
