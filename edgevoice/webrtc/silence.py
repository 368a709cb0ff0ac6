"""Opus packets that say "nothing to hear": one or two bytes, no sound in them. Pure.

An Opus frame of zero length is discontinuous transmission (RFC 6716, section 3.2.1;
RFC 7587, section 3.1.3). Packets of several such frames say how long the silence
is, so that no sample is unaccounted for; every Opus decoder takes them.
"""

TICKS_PER_MS = 48

WIDEBAND_20_MS = 9 << 3
"""TOC byte (RFC 6716, section 3.1): SILK, wideband, 20 ms, mono, one frame."""
SEVERAL = 3
"""Frame count code: a second byte says how many frames there are."""
MOST_FRAMES = 6
"""A packet lasts at most 120 ms."""

SILK_MS = (10.0, 20.0, 40.0, 60.0)
HYBRID_MS = (10.0, 20.0)
CELT_MS = (2.5, 5.0, 10.0, 20.0)


def silence(frames: int) -> bytes:
    """A packet that stands for this many silent frames of 20 ms."""
    if not 1 <= frames <= MOST_FRAMES:
        raise ValueError(f"an Opus packet has 1 to {MOST_FRAMES} frames of 20 ms, not {frames}")
    return bytes([WIDEBAND_20_MS | SEVERAL, frames])


FALLS_SILENT = bytes([WIDEBAND_20_MS])
"""One silent frame, as encoders send it before they stop sending."""


def is_silence(payload: bytes) -> bool:
    return 1 <= len(payload) <= 2


def goes_on(payload: bytes) -> bool:
    """Whether the silence lasts until the next packet, whenever that is."""
    return len(payload) == 1


def silent_ticks(payload: bytes) -> int:
    """How long the packet lasts, in ticks of the RTP clock."""
    code = payload[0] & 3
    frames = (payload[1] & 63 if len(payload) == 2 else 0) if code == SEVERAL else min(code + 1, 2)
    most = MOST_FRAMES * 20 * TICKS_PER_MS
    return min(most, round(frames * frame_ms(payload[0] >> 3) * TICKS_PER_MS))


def frame_ms(config: int) -> float:
    """RFC 6716, table 2."""
    if config < 12:
        return SILK_MS[config % 4]
    if config < 16:
        return HYBRID_MS[config % 2]
    return CELT_MS[config % 4]
