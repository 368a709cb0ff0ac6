"""aiortc's receive path, taken over in this one place, and where its RTP clock starts.

RTCRtpReceiver puts each packet that SRTP has let through into its `__jitter_buffer`, and what
comes out of that into the queue of a decoder thread, whose frames wait in an endless queue for
somebody to read them. The buffer releases a frame when four later ones have come: 80 ms always;
behind a gap it waits for sixteen and never catches up, so that one lost packet costs a stall of
320 ms and 280 ms for the rest of the call (aiortc#543; `scripts/bench jitter` shows both sides).
`tap` puts two objects with the same methods in their places: packets come to us as they arrive,
and the thread has nothing to do. RTCP, header extensions and statistics stay aiortc's. What
happens to the packets is `jitter_buffer.py` on the device, `receiver.py` on the relay.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from edgevoice.webrtc.hardening.hooks import AIORTC, Hook, Reliance, attributes, unsupported

MAX_SSRCS = 16
"""One is used, a few more after collisions; aiortc keeps statistics of every one for ever."""

rtp_clock_start: ContextVar[int | None] = ContextVar("rtp_clock_start", default=None)
"""RTP timestamp of a sender's first sample, for senders started in this context."""

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
            raise unsupported(TAP)
    rtp_receiver._RTCRtpReceiver__jitter_buffer = _Tap(on_rtp)
    rtp_receiver._RTCRtpReceiver__decoder_queue = _NothingToDecode()


def limit_ssrcs(route: Callable[..., Any]) -> Callable[..., Any]:
    """Packets of further sources are dropped."""

    def route_rtp(self: Any, packet: Any) -> Any:
        if len(self.ssrc_table) >= MAX_SSRCS and packet.ssrc not in self.ssrc_table:
            return None
        return route(self, packet)

    return route_rtp


def announced_clock(random32: Callable[[], int]) -> Callable[[], int]:
    """The RTP clock starts where we told the peer it would, if we did."""

    def clock_start() -> int:
        start = rtp_clock_start.get()
        return random32() if start is None else start

    return clock_start


ROUTER = "aiortc.rtcdtlstransport:RtpRouter"
RECEIVER = "aiortc.rtcrtpreceiver:RTCRtpReceiver"
TAP = Reliance(
    "tap",
    RECEIVER,
    AIORTC,
    attributes(RECEIVER, "__jitter_buffer", "__decoder_queue"),
)

HOOKS = (
    TAP,
    Hook(
        f"{ROUTER}.route_rtp",
        ("self", "packet"),
        limit_ssrcs,
        AIORTC,
        attributes(ROUTER, "ssrc_table"),
        is_security=True,
    ),
    Hook("aiortc.rtcrtpsender:random32", (), announced_clock, AIORTC),
)
