"""How loud a per cent is, in software or by the sound card's own mixer, and by which control.

Loudness in software is set in `PlayoutBuffer.volume`; who chooses between the two and
remembers what was asked for is `daemon/abilities.py`. The C library is in `alsa.py`.
"""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from edgevoice.config import SpeakerConfig
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.alsa import Control, controls, libasound
from edgevoice.hardware.sound.cards import CARDS, Card, cards
from edgevoice.hardware.sound.sound_names import SERVERS, best

NARROW_DB = 24.0
"""A range this small is gone through evenly, as alsamixer does: its lower end is no silence."""

_PCM = re.compile(
    r"\b(?:plughw|hw|sysdefault|default|front|dmix|surround\d+|hdmi|iec958):(?:CARD=)?([\w-]+)"
)


class Mixer(Protocol):
    def set(self, percent: int) -> None:
        """Blocks, for seconds if the card hangs; AudioError says what to correct."""


class AlsaMixer:
    """A control of the card behind a device name. Opened for each change: cards come and go."""

    def __init__(
        self,
        device: str,
        control: str,
        library: Callable[[], Any] = libasound,
        listing: Path = CARDS,
    ) -> None:
        self._device = device
        self._control = control
        self._library = library
        self._listing = listing

    def set(self, percent: int) -> None:
        known = cards(self._listing)
        card = card_of(self._device, known)
        try:
            with controls(self._library(), card) as found:
                turn(choose(found, self._control, card), percent)
        except AudioError as error:
            raise AudioError(f"{error}; {_listed(known)}") from error


def make_mixer(config: SpeakerConfig) -> Mixer | None:
    """None: loudness is set in software."""
    if not config.mixer or config.backend != "portaudio":
        return None
    return AlsaMixer(config.device, config.mixer)


def choose(found: Sequence[Control], wanted: str, card: str) -> Control:
    """By its name as alsamixer shows it, in small or capital letters; `Name,1` is the second."""
    exactly = [control for control in found if control.name == wanted]
    nearly = [control for control in found if control.name.casefold() == wanted.casefold()]
    if exactly or nearly:
        return (exactly or nearly)[0]
    names = ", ".join(control.name for control in found) or "none"
    raise AudioError(
        f'"{card}" has no control "{wanted}" that sets the loudness; it has: {names};'
        " correct speaker.mixer"
    )


def turn(control: Control, percent: int) -> None:
    """0 is the card's lowest step, which on some is still heard: be silent in software too."""
    decibels = control.db_range
    if decibels is None:
        low, high = control.raw_range
        control.set_raw(low + round((high - low) * percent / 100))
    else:
        control.set_db(loudness_db(percent, *decibels))
    if percent:
        control.switch_on()


def amplitude(percent: int) -> float:
    """In software: half the amplitude is far from half as loud, its square comes near."""
    return (percent / 100) ** 2


def loudness_db(percent: int, low: float, high: float) -> float:
    """The curve of the loudness in software: half is 12 dB less, which sounds like half."""
    if high - low <= NARROW_DB:
        return low + (high - low) * percent / 100
    if percent == 0:
        return low
    return max(low, high + 40 * math.log10(percent / 100))


def card_of(device: str, known: Sequence[Card]) -> str:
    """The card whose mixer belongs to what `speaker.device` names.

    ALSA's own names say it; a sound server has a mixer by its name; a part of a name is
    looked for among the cards.
    """
    if match := _PCM.search(device):
        named = None if match[1].isdecimal() else best([c.identity for c in known], match[1])
        return f"hw:{named or match[1]}"
    for server in SERVERS:
        if device.casefold().startswith(server):
            return server
    wanted = device.casefold()
    for card in known:
        if wanted in f"{card.identity} {card.description}".casefold():
            return f"hw:{card.identity}"
    return device


def _listed(known: Sequence[Card]) -> str:
    names = ", ".join(f"hw:{card.identity}" for card in known)
    return f"sound cards: {names or 'none'}; with an empty speaker.mixer no card is needed"
