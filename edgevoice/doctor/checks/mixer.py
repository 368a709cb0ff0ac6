"""The card's own mixer: a control that is off or at its lowest, and nobody hears a thing."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from edgevoice.config import Config
from edgevoice.doctor.checks.sound_cards import LISTING
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.alsa import Level, Way, levels, libasound
from edgevoice.hardware.sound.cards import cards
from edgevoice.hardware.sound.mixer import card_of
from edgevoice.hardware.sound.sound_names import SERVERS

MATTERS: dict[Way, re.Pattern[str]] = {
    "playback": re.compile(r"master|pcm|speaker|headphone|hp dac|^playback|digital", re.IGNORECASE),
    "capture": re.compile(r"capture|mic|pga|adc", re.IGNORECASE),
}
"""A card has many controls, and some are rightly off."""
NOT_MEANT = re.compile(r"bypass|side ?tone|monitor|boost|alc|3d|zc|mono", re.IGNORECASE)

Library = Callable[[], Any]


def mixer(machine: Machine, config: Config, library: Library = libasound) -> Iterator[Finding]:
    microphone, speaker = config.microphone, config.speaker
    yield from _way(machine, "capture", microphone.backend, microphone.device, "", library)
    yield from _way(machine, "playback", speaker.backend, speaker.device, speaker.mixer, library)


def _way(
    machine: Machine, way: Way, backend: str, device: str, named: str, library: Library
) -> Iterator[Finding]:
    known = cards(machine.path(LISTING))
    card = card_of(device, known)
    if backend != "portaudio" or not known or device.partition(":")[0] in SERVERS:
        return
    name = "microphone mixer" if way == "capture" else "speaker mixer"
    try:
        found = [level for level in levels(library(), card) if level.way == way]
    except AudioError as error:
        if device != "default":
            yield Finding("warn", name, str(error), f"alsamixer -D {card}")
        return
    if silent := silenced(found, way, named):
        short = card.removeprefix("hw:")
        how = "cap" if way == "capture" else "unmute"
        todo = "; ".join(f"amixer -c {short} sset '{one.name}' 80% {how}" for one in silent[:3])
        names = ", ".join(
            f"{one.name} is {'off' if not one.is_on else 'at zero'}" for one in silent
        )
        keeps = f"{todo}; sudo alsactl store"
        yield Finding("fail" if _all(found, silent) else "warn", name, names, keeps)
    elif found:
        yield Finding("ok", name, ", ".join(map(_told, found[:4])))


def silenced(found: Sequence[Level], way: Way, named: str) -> list[Level]:
    """Those that matter, or the one that the owner named, and let nothing through."""
    if named:
        meant = [level for level in found if level.name.casefold() == named.casefold()]
    else:
        meant = [
            level
            for level in found
            if MATTERS[way].search(level.name) and not NOT_MEANT.search(level.name)
        ]
    return [level for level in meant if not level.is_on or level.share <= 0]


def _all(found: Sequence[Level], silent: Sequence[Level]) -> bool:
    """Nothing is left that could be heard."""
    return all(level in silent or level.share <= 0 or not level.is_on for level in found)


def _told(level: Level) -> str:
    return f"{level.name} {level.share:.0%}"
