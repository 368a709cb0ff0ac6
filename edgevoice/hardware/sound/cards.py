"""The sound cards of the kernel, as `/proc/asound` lists them. Nothing is opened here."""

import re
from dataclasses import dataclass
from pathlib import Path

CARDS = Path("/proc/asound/cards")

_CARD = re.compile(r"^ *(\d+) \[(\S+) *\]: (.*\n?.*)", re.MULTILINE)
"""` 1 [seeed2micvoicec]: driver - name`, and a second line that says it longer."""


@dataclass(frozen=True, slots=True)
class Card:
    index: int
    identity: str
    """What `hw:` takes besides the number; it stays when another card is plugged in."""
    description: str


def cards(listing: Path = CARDS) -> list[Card]:
    """Described by all that ALSA calls them; none where there is no ALSA."""
    pcm = _text(listing.with_name("pcm"))
    found = []
    for match in _CARD.finditer(_text(listing)):
        index = int(match[1])
        streams = re.findall(rf"^0*{index}-\d+: (.*)", pcm, re.MULTILINE)
        found.append(Card(index, match[2], " ".join([match[3], *streams])))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
