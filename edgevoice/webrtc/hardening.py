"""Every change we make to aiortc and aioice, and nothing else.

`harden()` puts the hooks in place for the whole process. Each names what it
replaces and the parameters it expects there; one that no longer fits is left out
and logged, so that a newer aiortc runs unhardened instead of not at all. The
functions below the table touch private attributes of single objects.
"""

import asyncio
import inspect
import logging
import pkgutil
import random
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Any

import aioice.ice
import aioice.stun
from aiortc import RTCPeerConnection

from edgevoice.errors import LinkError

log = logging.getLogger(__name__)

TESTED = {"aiortc": ((1, 16), (1, 17)), "aioice": ((0, 13), (0, 14))}

CONSENT_INTERVAL_S = 1.0
CONSENT_FAILURES = 2
CONSENT_RETRANSMISSIONS = 3
"""With the STUN timer below: 1.5 s for an answer, noticed dead after about 5 s."""
FLIGHT_RESENDS_S = (0.15, 0.15, 0.2, 0.3, 0.4, 0.4)
"""Pauses before a DTLS flight is sent again; OpenSSL's own timer starts at 1 s."""
MAX_REASSEMBLY_BYTES = 1_048_576
"""aiortc announces this receive window; an honest peer never has more under way."""
MAX_REASSEMBLY_CHUNKS = 2048

MAX_CHANNELS = 32
MAX_PEER_ADDRESSES = 32
"""One is used; a client with several interfaces, or one that roams, shows a few more."""
NOT_STUN = (struct.error, ValueError, LookupError, AttributeError, TypeError, AssertionError)
"""What aioice raises on messages that are cut off or lack an attribute; asyncio would log a
traceback of each, and anybody can send a thousand a second."""

rtp_clock_start: ContextVar[int | None] = ContextVar("rtp_clock_start", default=None)
"""RTP timestamp of a sender's first sample, for senders started in this context."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Replaces the function at `path` by what `make` builds around it."""

    path: str
    parameters: tuple[str, ...]
    make: Callable[[Any], Any]

    def fits(self) -> bool:
        original = find(self.path)
        if not callable(original):
            return False
        return tuple(inspect.signature(original).parameters) == self.parameters

    def apply(self) -> None:
        replace(self.path, self.make(find(self.path)))


@dataclass(frozen=True, slots=True)
class Setting:
    """Replaces the module constant at `path`."""

    path: str
    value: float

    def fits(self) -> bool:
        return isinstance(find(self.path), int | float)

    def apply(self) -> None:
        replace(self.path, self.value)


def find(path: str) -> Any:
    """What is at `module:name`, or None."""
    try:
        return pkgutil.resolve_name(path)
    except (ImportError, AttributeError):
        return None


def replace(path: str, by: Any) -> None:
    owner, _, name = path.replace(":", ".").rpartition(".")
    setattr(pkgutil.resolve_name(owner), name, by)


def guard(receive: Callable[..., None]) -> Callable[..., None]:
    """Only STUN may come from strangers: one empty datagram would end a session.

    DTLS (first byte 20 to 63) and RTP (128 to 191, RFC 7983) are taken from the
    address of a checked pair alone, and skip aioice's attempt to read them as STUN.
    """

    def datagram_received(self: Any, data: bytes, addr: tuple[Any, ...]) -> None:
        connection = self.receiver
        if not data or connection.remote_username is None:
            return
        is_from_peer = from_checked_pair(self, addr)
        if is_from_peer:
            connection.heard = getattr(connection, "heard", 0) + 1
        if data[0] < 4:
            try:
                receive(self, data, addr)
            except NOT_STUN as error:
                log.debug("a datagram that is no STUN: %r", error)
        elif 20 <= data[0] < 192 and is_from_peer:
            connection.data_received(data, self.local_candidate.component)

    return datagram_received


def from_checked_pair(protocol: Any, addr: tuple[Any, ...]) -> bool:
    checked = (aioice.ice.CandidatePair.State.SUCCEEDED, aioice.ice.CandidatePair.State.IN_PROGRESS)
    return any(
        pair.protocol is protocol and pair.remote_addr == addr[:2] and pair.state in checked
        for pair in protocol.receiver._check_list
    )


def silent_to_strangers(respond: Callable[..., None]) -> Callable[..., None]:
    """Who has no password gets no answer: nothing to scan, nothing to reflect."""

    def respond_error(
        self: Any, request: Any, addr: tuple[str, int], protocol: Any, error_code: tuple[int, str]
    ) -> None:
        if error_code[0] not in (400, 401):
            respond(self, request, addr, protocol, error_code)

    return respond_error


def nominating_consent(_: Callable[..., Any]) -> Callable[..., Any]:
    """Consent checks that nominate, and that notice death sooner.

    OpenAI's ICE-lite servers stop answering checks without USE-CANDIDATE, which
    ended every session after 30 s (openai-agents-js#1353).
    """

    async def query_consent(self: Any) -> None:
        failures = 0
        while failures < CONSENT_FAILURES:
            await asyncio.sleep(CONSENT_INTERVAL_S * random.uniform(0.8, 1.2))
            failures = 0 if await consents(self) else failures + 1
        self._query_consent_task = None
        self.is_abandoned = True
        await self.close()

    return query_consent


async def consents(connection: Any) -> bool:
    for pair in list(connection._nominated.values()):
        try:
            await pair.protocol.request(
                connection.build_request(pair, nominate=True),
                pair.remote_addr,
                integrity_key=connection.remote_password.encode(),
                retransmissions=CONSENT_RETRANSMISSIONS,
            )
        except aioice.stun.TransactionError:
            return False
    return True


def remember_flight(write: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Keep the last handshake flight, so that it can be sent again."""

    async def _write_ssl(self: Any) -> None:
        if self.encrypted:
            await write(self)
            return
        send = self.transport._send

        async def remember(data: bytes) -> None:
            self.last_flight = data
            await send(data)

        self.transport._send = remember
        try:
            await write(self)
        finally:
            self.transport._send = send

    return _write_ssl


def resend_flights(shake: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A lost handshake packet costs 0.15 s instead of 1 s or 3 s."""

    async def resend(self: Any) -> None:
        for pause in FLIGHT_RESENDS_S:
            await asyncio.sleep(pause)
            flight = getattr(self, "last_flight", None)
            if flight is not None:
                try:
                    await self.transport._send(flight)
                except ConnectionError:
                    return

    async def _do_handshake(self: Any) -> None:
        async with asyncio.TaskGroup() as group:
            resender = group.create_task(resend(self))
            try:
                await shake(self)
            finally:
                resender.cancel()

    return _do_handshake


def limit_reassembly(add: Callable[..., None]) -> Callable[..., None]:
    """aiortc joins messages of any size, in quadratic time. ConnectionError closes cleanly."""

    def add_chunk(self: Any, chunk: Any) -> None:
        waiting = self.reassembly
        if len(waiting) > 64 and (
            len(waiting) >= MAX_REASSEMBLY_CHUNKS
            or sum(len(part.user_data) for part in waiting) > MAX_REASSEMBLY_BYTES
        ):
            raise ConnectionError("the peer's message is larger than any we announced")
        add(self, chunk)

    return add_chunk


def distrust_channels(receive: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A channel opened twice, or text that is none, is a clean end instead of a traceback."""

    async def _data_channel_receive(self: Any, stream_id: int, pp_id: int, data: bytes) -> None:
        if len(self._data_channels) > MAX_CHANNELS:
            raise ConnectionError("the peer has opened more channels than anybody needs")
        try:
            await receive(self, stream_id, pp_id, data)
        except (UnicodeDecodeError, AssertionError) as error:
            raise ConnectionError(f"the peer breaks the data channel protocol: {error!r}") from None

    return _data_channel_receive


def limit_candidates(check: Callable[..., None]) -> Callable[..., None]:
    """The peer is learned from its checks, but not from thousands of ports."""

    def check_incoming(self: Any, message: Any, addr: tuple[str, int], protocol: Any) -> None:
        known = self._remote_candidates
        if len(known) < MAX_PEER_ADDRESSES or any((c.host, c.port) == addr[:2] for c in known):
            check(self, message, addr, protocol)

    return check_incoming


def open_without_acknowledgement(
    flush: Callable[..., Awaitable[None]],
) -> Callable[..., Awaitable[None]]:
    """A channel is usable once its OPEN is sent (RFC 8832, section 6): one round trip less."""

    async def _data_channel_flush(self: Any) -> None:
        try:
            await flush(self)
        except ConnectionError:
            return  # the call is over; some callers are tasks that nobody waits for
        queued = {channel for channel, _, _ in self._data_channel_queue}
        if self._association_state != self.State.ESTABLISHED:
            return
        for channel in list(self._data_channels.values()):
            if channel.readyState == "connecting" and channel not in queued:
                channel._setReadyState("open")

    return _data_channel_flush


def announced_clock(random32: Callable[[], int]) -> Callable[[], int]:
    """The RTP clock starts where we told the peer it would, if we did."""

    def clock_start() -> int:
        start = rtp_clock_start.get()
        return random32() if start is None else start

    return clock_start


DTLS = "aiortc.rtcdtlstransport:RTCDtlsTransport"
SCTP = "aiortc.rtcsctptransport"

HOOKS: tuple[Hook | Setting, ...] = (
    Hook("aioice.ice:StunProtocol.datagram_received", ("self", "data", "addr"), guard),
    Hook(
        "aioice.ice:Connection.respond_error",
        ("self", "request", "addr", "protocol", "error_code"),
        silent_to_strangers,
    ),
    Hook("aioice.ice:Connection.query_consent", ("self",), nominating_consent),
    Hook(
        "aioice.ice:Connection.check_incoming",
        ("self", "message", "addr", "protocol"),
        limit_candidates,
    ),
    Setting("aioice.stun:RETRY_RTO", 0.1),
    Setting(f"{SCTP}:SCTP_RTO_INITIAL", 0.3),
    Setting(f"{SCTP}:SCTP_RTO_MIN", 0.2),
    # The initial timer does not back off: 40 times 0.3 s.
    Setting(f"{SCTP}:SCTP_MAX_INIT_RETRANS", 40),
    Hook(f"{DTLS}._write_ssl", ("self",), remember_flight),
    Hook(f"{DTLS}._do_handshake", ("self",), resend_flights),
    Hook(f"{SCTP}:InboundStream.add_chunk", ("self", "chunk"), limit_reassembly),
    Hook(
        f"{SCTP}:RTCSctpTransport._data_channel_receive",
        ("self", "stream_id", "pp_id", "data"),
        distrust_channels,
    ),
    Hook(f"{SCTP}:RTCSctpTransport._data_channel_flush", ("self",), open_without_acknowledgement),
    Hook("aiortc.rtcrtpsender:random32", (), announced_clock),
)


@cache
def harden() -> tuple[str, ...]:
    """Put the hooks in place, once per process; returns the names of those left out."""
    for package, (lowest, beyond) in TESTED.items():
        version = metadata.version(package)
        if not lowest <= tuple(map(int, version.split(".")[:2])) < beyond:
            log.warning("%s %s is not a version edgevoice was tested with", package, version)
    return apply(HOOKS)


def apply(hooks: Iterable[Hook | Setting]) -> tuple[str, ...]:
    left_out = []
    for hook in hooks:
        if hook.fits():
            hook.apply()
        else:
            left_out.append(hook.path)
            log.warning("%s has changed; running without edgevoice's hook on it", hook.path)
    return tuple(left_out)


async def close(peer: RTCPeerConnection) -> None:
    """Close it, or wait for aiortc, which closes by itself when the other side hangs up.

    The future that it waits on is the one that its first closing resolves: cancelled with
    the second, it makes the first one fail.
    """
    closing: asyncio.Future[bool] | None = getattr(peer, "_RTCPeerConnection__isClosed", None)
    if closing is None:
        await peer.close()
    else:
        await asyncio.shield(closing)


def ice_connections(peer: RTCPeerConnection) -> Iterator[Any]:
    for transport in getattr(peer, "_RTCPeerConnection__iceTransports", ()):
        yield transport._connection


def heard(peer: RTCPeerConnection) -> int:
    """Counts up with everything the peer sends: media, events, checks and answers to ours."""
    return sum(getattr(connection, "heard", 0) for connection in ice_connections(peer))


def is_abandoned(peer: RTCPeerConnection) -> bool:
    """It was closed here, because the peer answered no more checks: no goodbye was said."""
    return any(getattr(connection, "is_abandoned", False) for connection in ice_connections(peer))


def bind_to(peer: RTCPeerConnection, hosts: Iterable[str]) -> None:
    """Open media sockets on these addresses only, instead of on every interface."""
    chosen = list(hosts)
    for connection in ice_connections(peer):
        gather = connection.get_component_candidates

        async def gather_chosen(
            component: int, addresses: list[str], timeout: int = 5, gather: Any = gather
        ) -> Any:
            return await gather(component, chosen, timeout)

        connection.get_component_candidates = gather_chosen


# The receive path, taken over from aiortc 1.16 in this one place.
#
# RTCRtpReceiver puts each packet that SRTP has let through into its `__jitter_buffer`, and what
# comes out of that into the queue of a decoder thread, whose frames wait in an endless queue for
# somebody to read them. The buffer releases a frame when four later ones have come: 80 ms always;
# behind a gap it waits for sixteen and never catches up, so that one lost packet costs a stall of
# 320 ms and 280 ms for the rest of the call (aiortc#543; `scripts/bench jitter` shows both sides).
# `tap` puts two objects with the same methods in their places: packets come to us as they arrive,
# and the thread has nothing to do. RTCP, header extensions and statistics stay aiortc's. What
# happens to the packets is `jitter_buffer.py` on the device, `receiver.py` on the relay.

OnRtp = Callable[[int, int, int, bytes], None]
"""SSRC, sequence number, timestamp, payload."""


class _Tap:
    """In the place of the jitter buffer."""

    def __init__(self, on_rtp: OnRtp) -> None:
        self._on_rtp = on_rtp

    def add(self, packet: Any) -> tuple[bool, None]:
        self._on_rtp(packet.ssrc, packet.sequence_number, packet.timestamp, packet._data)
        return False, None


class _NothingToDecode:
    """In the place of the decoder thread's queue: the thread ends as soon as it starts."""

    def get(self) -> None:
        return None

    def put(self, task: object) -> None:
        pass


def tap(rtp_receiver: Any, on_rtp: OnRtp) -> None:
    """Hand RTP payloads over as they arrive; nothing is buffered or decoded by aiortc."""
    for name in ("jitter_buffer", "decoder_queue"):
        if not hasattr(rtp_receiver, f"_RTCRtpReceiver__{name}"):
            raise LinkError(f"aiortc's receiver has no {name}: install 'aiortc>=1.16,<1.17'")
    rtp_receiver._RTCRtpReceiver__jitter_buffer = _Tap(on_rtp)
    rtp_receiver._RTCRtpReceiver__decoder_queue = _NothingToDecode()
