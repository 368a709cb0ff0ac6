"""What we change in aiortc's SCTP and data channels: bounds on what a peer can pile up here."""

import logging
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from edgevoice.webrtc.hardening.hooks import AIORTC, Hook, Setting, attributes, find
from edgevoice.webrtc.hardening.ice import round_trip
from edgevoice.webrtc.hardening.timers import resend_after_s

log = logging.getLogger(__name__)

MAX_REASSEMBLY_CHUNKS = 2048
"""Of all streams together. Their bytes are bounded by the window that aiortc announces, 1 MiB; an
honest peer never has more under way."""
MAX_STREAMS = 64
MAX_CHANNELS = 32
MAX_GAP_CHUNKS = 4096
"""Acknowledged beyond a gap; aiortc counts up to each, and 1200 bytes can name 19 million."""

PARAMETER = struct.Struct("!HH")
"""Type and length, the four bytes of these included (RFC 9260, section 3.2.1)."""

RTO_INITIAL_S = 0.3
RTO_MIN_S = 0.2

NOT_SCTP = (struct.error, ValueError, LookupError, AttributeError, TypeError, AssertionError)
"""What aiortc raises on what breaks the protocol; its log would get a traceback."""

Step = Callable[..., Awaitable[None]]


def refuse_empty_parameters(decode: Callable[..., Any]) -> Callable[..., Any]:
    """At a parameter of length 0 aiortc goes on reading for ever, and takes memory each time.

    With a ValueError it drops the packet.
    """

    def decode_params(body: bytes) -> Any:
        at = 0
        while at <= len(body) - PARAMETER.size:
            _, length = PARAMETER.unpack_from(body, at)
            if length < PARAMETER.size:
                raise ValueError(f"an SCTP parameter of {length} bytes")
            at += length + -length % 4
        return decode(body)

    return decode_params


def limit_reassembly(receive: Step) -> Step:
    """aiortc joins messages of any size, in quadratic time. ConnectionError closes cleanly."""

    async def _receive_data_chunk(self: Any, chunk: Any) -> None:
        waiting = sum(len(stream.reassembly) for stream in self._inbound_streams.values())
        if (
            self._advertised_rwnd < 0
            or waiting >= MAX_REASSEMBLY_CHUNKS
            or len(self._sack_misordered) >= MAX_REASSEMBLY_CHUNKS
        ):
            raise ConnectionError("the peer's message is larger than any we announced")
        await receive(self, chunk)

    return _receive_data_chunk


def limit_streams(get: Callable[..., Any]) -> Callable[..., Any]:
    """aiortc keeps an object for each of 65,536 stream numbers that was used once."""

    def _get_inbound_stream(self: Any, stream_id: int) -> Any:
        if len(self._inbound_streams) >= MAX_STREAMS and stream_id not in self._inbound_streams:
            raise ConnectionError("the peer uses more streams than anybody needs")
        return get(self, stream_id)

    return _get_inbound_stream


def limit_gaps(receive: Step) -> Step:
    async def _receive_sack_chunk(self: Any, chunk: Any) -> None:
        if sum(last - first + 1 for first, last in chunk.gaps if last > first) > MAX_GAP_CHUNKS:
            raise ConnectionError("the peer acknowledges more than was ever sent")
        await receive(self, chunk)

    return _receive_sack_chunk


def distrust_packets(handle: Step) -> Step:
    """A clean end instead of a traceback: chunks out of turn, channels opened twice, no text."""

    async def _handle_data(self: Any, data: bytes) -> None:
        try:
            await handle(self, data)
        except NOT_SCTP as error:
            log.debug("the peer breaks SCTP: %r", error)
            raise ConnectionError(f"the peer breaks SCTP: {error!r}") from None

    return _handle_data


def limit_channels(receive: Step) -> Step:
    async def _data_channel_receive(self: Any, stream_id: int, pp_id: int, data: bytes) -> None:
        if len(self._data_channels) > MAX_CHANNELS:
            raise ConnectionError("the peer has opened more channels than anybody needs")
        await receive(self, stream_id, pp_id, data)

    return _data_channel_receive


def pace_association(begin: Step) -> Step:
    """The first timer follows the round trip that ICE has measured."""

    async def start(self: Any, remoteCaps: Any, remotePort: int) -> None:
        connection = getattr(self.transport.transport, "_connection", None)
        self._rto = resend_after_s(round_trip(connection), self._rto, RTO_MIN_S)
        await begin(self, remoteCaps, remotePort)

    return start


def begin_without_tag(send: Step) -> Step:
    """An INIT carries no tag (RFC 9260, section 8.5.1), the second one neither.

    aiortc puts in the peer's as soon as it knows it. Where both begin at once, as in WebRTC,
    and both answers are lost, each then drops the other's INIT for ever.
    """

    first, serialize = find(f"{MODULE}:InitChunk"), find(f"{MODULE}:serialize_packet")

    async def _send_chunk(self: Any, chunk: Any) -> None:
        if isinstance(chunk, first):
            packet = serialize(self._local_port, self._remote_port, 0, chunk)
            await self.transport._send_data(packet)
        else:
            await send(self, chunk)

    return _send_chunk


def end_with_the_call(transmit: Step) -> Step:
    """What was not acknowledged is sent again by a timer, in a task that nobody waits for: when
    the call is over by then, that is no error of anybody's."""

    async def _transmit(self: Any) -> None:
        try:
            await transmit(self)
        except ConnectionError as over:
            log.debug("nothing more is sent: %s", over)

    return _transmit


def open_without_acknowledgement(flush: Step) -> Step:
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


MODULE = "aiortc.rtcsctptransport"
SCTP = f"{MODULE}:RTCSctpTransport"

HOOKS = (
    Hook(f"{MODULE}:decode_params", ("body",), refuse_empty_parameters, AIORTC, is_security=True),
    Hook(
        f"{SCTP}._receive_data_chunk",
        ("self", "chunk"),
        limit_reassembly,
        AIORTC,
        attributes(SCTP, "_inbound_streams", "_advertised_rwnd", "_sack_misordered")
        + attributes(f"{MODULE}:InboundStream", "reassembly"),
        is_security=True,
    ),
    Hook(
        f"{SCTP}._get_inbound_stream",
        ("self", "stream_id"),
        limit_streams,
        AIORTC,
        attributes(SCTP, "_inbound_streams"),
        is_security=True,
    ),
    Hook(
        f"{SCTP}._receive_sack_chunk",
        ("self", "chunk"),
        limit_gaps,
        AIORTC,
        attributes(f"{MODULE}:SackChunk", "gaps"),
        is_security=True,
    ),
    Hook(f"{SCTP}._handle_data", ("self", "data"), distrust_packets, AIORTC, is_security=True),
    Hook(
        f"{SCTP}._data_channel_receive",
        ("self", "stream_id", "pp_id", "data"),
        limit_channels,
        AIORTC,
        attributes(SCTP, "_data_channels"),
        is_security=True,
    ),
    Setting(f"{MODULE}:SCTP_RTO_INITIAL", RTO_INITIAL_S, AIORTC),
    Setting(f"{MODULE}:SCTP_RTO_MIN", RTO_MIN_S, AIORTC),
    # The initial timer does not back off: 40 times 0.3 s.
    Setting(f"{MODULE}:SCTP_MAX_INIT_RETRANS", 40, AIORTC),
    Hook(
        f"{SCTP}.start",
        ("self", "remoteCaps", "remotePort"),
        pace_association,
        AIORTC,
        attributes(SCTP, "transport", "_rto"),
    ),
    Hook(
        f"{SCTP}._send_chunk",
        ("self", "chunk"),
        begin_without_tag,
        AIORTC,
        tuple(f"{MODULE}:{name}" for name in ("InitChunk", "serialize_packet"))
        + attributes(SCTP, "transport", "_local_port", "_remote_port")
        + attributes("aiortc.rtcdtlstransport:RTCDtlsTransport", "_send_data"),
    ),
    Hook(f"{SCTP}._transmit", ("self",), end_with_the_call, AIORTC),
    Hook(
        f"{SCTP}._data_channel_flush",
        ("self",),
        open_without_acknowledgement,
        AIORTC,
        attributes(SCTP, "_data_channel_queue", "_data_channels", "_association_state")
        + attributes(SCTP, "State.ESTABLISHED")
        + attributes("aiortc.rtcdatachannel:RTCDataChannel", "_setReadyState"),
    ),
)
