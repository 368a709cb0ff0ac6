"""What each side wishes to be sent, in the words of SDP's `a=fmtp` for Opus. Pure.

RFC 7587, section 6.1 names the parameters and their defaults; they describe what
the one who writes them wants to receive (section 7), not what it will send.
"""

import re
from dataclasses import dataclass

LEAST_BPS, MOST_BPS = 6_000, 510_000
RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
RECEIVED_BPS = 32_000
"""More is not heard in a voice at 24 kHz."""

OPUS_MAP = re.compile(r"^a=rtpmap:(\d{1,3}) opus/48000/2[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Wishes:
    """Of one side, about what it receives. The defaults are those of the RFC."""

    fec: bool = False
    dtx: bool = False
    bitrate_bps: int = MOST_BPS
    rate_hz: int = 48_000
    """The highest rate it can play."""

    def parameters(self) -> str:
        """Mono in both directions: `stereo` is what we take, `sprop-stereo` what we send."""
        return (
            f"minptime=10;useinbandfec={int(self.fec)};usedtx={int(self.dtx)}"
            f";stereo=0;sprop-stereo=0;maxaveragebitrate={self.bitrate_bps}"
            f";maxplaybackrate={self.rate_hz}"
        )


def wishes(description: str) -> Wishes:
    """Those of an offer or answer. What is malformed in them counts as not said."""
    rtpmap = OPUS_MAP.search(description)
    if rtpmap is None:
        return Wishes()
    line = re.search(rf"^a=fmtp:{rtpmap[1]} (.*)$", description, re.MULTILINE)
    return wishes_of(numbers(line[1]) if line else {})


def wishes_of(said: dict[str, int]) -> Wishes:
    """From parameters that were said; the RFC's defaults for those that were not."""
    return Wishes(
        fec=said.get("useinbandfec") == 1,
        dtx=said.get("usedtx") == 1,
        bitrate_bps=max(LEAST_BPS, min(MOST_BPS, said.get("maxaveragebitrate", MOST_BPS))),
        rate_hz=max(RATES_HZ[0], min(RATES_HZ[-1], said.get("maxplaybackrate", RATES_HZ[-1]))),
    )


def numbers(parameters: str) -> dict[str, int]:
    said = {}
    for part in parameters.split(";"):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if NUMBER.fullmatch(value):
            said[name.lower()] = int(value)
    return said
