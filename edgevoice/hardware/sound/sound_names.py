"""Sound devices by names that stay: what `microphone.device` and `speaker.device` may hold.

====================================  ===================================================
`default`                             what PortAudio takes by itself
`seeed`                               a part of the name PortAudio has for it
`hw:CARD=seeed,DEV=0`, `hw:1,0`       a card by ALSA's id (or a part of it), or by number
`plughw:…`                            the same: conversion is ours either way
`pulse:NAME`, `pipewire:NAME`         a source or sink of the sound server, or a part of it
====================================  ===================================================

Nothing is opened here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.cards import CARDS, cards
from edgevoice.hardware.sound.pactl import PACTL
from edgevoice.hardware.sound.portaudio import Direction, SoundDevice
from edgevoice.hardware.sound.sound_server import KINDS, SoundServer

SERVERS = ("pulse", "pipewire")

_ALSA = re.compile(
    r"(?:plug)?hw:(?:CARD=)?(?P<card>[^,=\s]+)(?:,(?:DEV=)?(?P<device>\d+))?", re.IGNORECASE
)
_NUMBERS = re.compile(r"\((?:plug)?hw:(\d+),(\d+)\)$")


@dataclass(frozen=True, slots=True)
class Found:
    """A device, and what must be in the environment while it is opened."""

    device: SoundDevice
    environment: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    """Its name at the sound server, where it was asked for by that."""


def find(
    devices: Sequence[SoundDevice],
    wanted: str,
    direction: Direction,
    listing: Path = CARDS,
    server: SoundServer = PACTL,
) -> Found:
    """The device that is meant; AudioError says what there is instead."""
    usable = [device for device in devices if device.channels[direction]]
    if is_at_server(wanted):
        plugin, _, node = wanted.partition(":")
        return _at_server(usable, plugin, node, direction, server)
    if alsa := _ALSA.fullmatch(wanted):
        device = _by_alsa_name(usable, alsa["card"], int(alsa["device"] or 0), listing)
    else:
        device = choose(usable, wanted, direction)
    if device is None:
        raise AudioError(_not_found(wanted, [device.name for device in usable]))
    return Found(device)


def is_at_server(wanted: str) -> bool:
    """A source or sink by its name at the sound server."""
    plugin, _, node = wanted.partition(":")
    return plugin in SERVERS and bool(node)


def choose(devices: Sequence[SoundDevice], wanted: str, direction: Direction) -> SoundDevice | None:
    """The device whose name is, or else contains, `wanted`."""
    usable = [device for device in devices if device.channels[direction]]
    if wanted == "default":
        return next((device for device in usable if direction in device.default_for), None)
    named = best([device.name for device in usable], wanted)
    return next((device for device in usable if device.name == named), None)


def best(names: Iterable[str], wanted: str) -> str | None:
    """The name that is, or else the first that contains, what is wanted."""
    sought = wanted.casefold()
    whole = [name for name in names if name.casefold() == sought]
    partly = [name for name in names if sought in name.casefold()]
    return next(iter(whole + partly), None)


def hardware_numbers(device: SoundDevice) -> tuple[int, int] | None:
    """ALSA's numbers of card and device; None for a plugin, such as a sound server."""
    found = _NUMBERS.search(device.name)
    return (int(found[1]), int(found[2])) if found else None


def same_card(one: SoundDevice, other: SoundDevice) -> bool:
    """Surely one card, hence one clock. What stands behind a plugin nobody knows."""
    first, second = hardware_numbers(one), hardware_numbers(other)
    return first is not None and second is not None and first[0] == second[0]


def on_one_card(
    devices: Sequence[SoundDevice], microphone: str, speaker: str, listing: Path = CARDS
) -> bool:
    """What these names mean now is surely one card; False as well when one is missing."""
    if is_at_server(microphone) or is_at_server(speaker):
        return False
    try:
        ear = find(devices, microphone, "in", listing)
        mouth = find(devices, speaker, "out", listing)
    except AudioError:
        return False
    return same_card(ear.device, mouth.device)


def lasting_name(device: SoundDevice, listing: Path = CARDS) -> str:
    """What to write into the configuration: ALSA's id of the card does not depend on its number."""
    numbers = hardware_numbers(device)
    card = card_ids(listing).get(numbers[0]) if numbers else None
    return f"hw:CARD={card},DEV={numbers[1]}" if numbers and card else device.name


def card_ids(listing: Path = CARDS) -> dict[int, str]:
    """ALSA's cards by number; empty where there is no ALSA."""
    return {card.index: card.identity for card in cards(listing)}


def _by_alsa_name(
    devices: Sequence[SoundDevice], card: str, number: int, listing: Path
) -> SoundDevice | None:
    ids = card_ids(listing)
    named = best(ids.values(), card)
    wanted = int(card) if card.isdecimal() else next((n for n in ids if ids[n] == named), None)
    if wanted is None:  # no list of cards: its name at PortAudio may hold the id
        return next((d for d in devices if hardware_numbers(d) and best([d.name], card)), None)
    return next((d for d in devices if hardware_numbers(d) == (wanted, number)), None)


def _at_server(
    devices: Sequence[SoundDevice],
    plugin: str,
    wanted: str,
    direction: Direction,
    server: SoundServer,
) -> Found:
    device = next((device for device in devices if device.name == plugin), None)
    if device is None:
        raise AudioError(
            f'"{plugin}:{wanted}" not found: ALSA has no "{plugin}"; does the sound server run,'
            " and is libasound2-plugins (PipeWire: pipewire-alsa) installed?"
        )
    names = server.names(direction)
    node = wanted if names is None else best(names, wanted)
    if node is None:
        raise AudioError(_not_found(f"{plugin}:{wanted}", [f"{plugin}:{n}" for n in names or ()]))
    return Found(device, _environment(plugin, node, direction), node)


def _environment(plugin: str, node: str, direction: Direction) -> dict[str, str]:
    """libpulse reads PULSE_SOURCE and PULSE_SINK, PipeWire's ALSA plugin PIPEWIRE_ALSA."""
    if plugin == "pulse":
        return {f"PULSE_{KINDS[direction].upper()}": node}
    if direction == "in" and node.endswith(".monitor"):  # PipeWire's sinks have no such node
        target = node.removesuffix(".monitor")
        return {"PIPEWIRE_ALSA": f"{{ target.object={target} stream.capture.sink=true }}"}
    return {"PIPEWIRE_ALSA": f"{{ target.object={node} }}"}


def _not_found(wanted: str, names: Sequence[str]) -> str:
    listed = f"there are {len(names)}: {', '.join(names)}" if names else "there is none at all"
    return f'"{wanted}" not found; {listed} (see `edgevoice devices`)'
