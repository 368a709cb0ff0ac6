"""Where the wake phrase lies in what a device sends: the value and its HTTP header.

The device measured it; the relay only believes what is plausible. Sample
indices count from the first sample sent (16 kHz).
"""

import re
from dataclasses import dataclass

from edgevoice.errors import RemoteProtocolError

_MAX_INDEX = 16_000 * 600
_MAX_PHRASE = 16_000 * 10
_HEADER = re.compile(
    r"\s*name=\s*([A-Za-z0-9_-][A-Za-z0-9_ -]{0,63})\s*;\s*start=(\d{1,9})\s*;\s*end=(\d{1,9})\s*",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class WakePhrase:
    name: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end <= _MAX_INDEX or self.end - self.start > _MAX_PHRASE:
            raise RemoteProtocolError(
                f"a wake phrase from sample {self.start} to {self.end} cannot be: the end comes "
                "no earlier than the start, within 10 s of it and 10 minutes of the first sample"
            )


def parse_header(value: str) -> WakePhrase:
    """`name=alexa;start=0;end=14400` as the phrase; RemoteProtocolError when it is not that."""
    match = _HEADER.fullmatch(value)
    if match is None:
        raise RemoteProtocolError("Edgevoice-Wake must read name=NAME;start=SAMPLE;end=SAMPLE")
    name, start, end = match.groups()
    return WakePhrase(name.strip(), int(start), int(end))
