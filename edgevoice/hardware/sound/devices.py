"""What `edgevoice devices` lists: sound devices by the names the configuration wants, and pins."""

from collections.abc import Callable, Sequence
from pathlib import Path

from edgevoice.errors import AudioError, GpioError
from edgevoice.hardware.gpio.pins import Pins, find_pins
from edgevoice.hardware.sound.cards import CARDS
from edgevoice.hardware.sound.pactl import PACTL
from edgevoice.hardware.sound.portaudio import PORTAUDIO, Direction, SoundDevice, SoundSystem
from edgevoice.hardware.sound.sound_names import SERVERS, lasting_name
from edgevoice.hardware.sound.sound_server import SoundServer


def list_devices(
    sound: SoundSystem = PORTAUDIO,
    find: Callable[[], Pins] = find_pins,
    server: SoundServer = PACTL,
    cards: Path = CARDS,
) -> list[str]:
    """Lines for people; the default devices are marked with a star."""
    return [*_sound_lines(sound, server, cards), *_pin_lines(find)]


def _sound_lines(sound: SoundSystem, server: SoundServer, cards: Path) -> list[str]:
    try:
        devices = sound.devices()
    except AudioError as error:
        return [f"sound: none ({error})"]
    return [
        "microphones (microphone.device takes a name as it is listed, or a part of one):",
        *_lines(devices, "in", server, cards),
        "speakers (speaker.device does the same):",
        *_lines(devices, "out", server, cards),
    ]


def _lines(
    devices: Sequence[SoundDevice], direction: Direction, server: SoundServer, cards: Path
) -> list[str]:
    usable = [device for device in devices if device.channels[direction]]
    lines = [_line(device, direction, cards) for device in usable]
    for plugin in SERVERS:
        if any(device.name == plugin for device in usable):
            lines += [f"   {plugin}:{name}" for name in server.names(direction) or ()]
    return lines or ["   none; is the card plugged in, and the user in the group audio?"]


def _line(device: SoundDevice, direction: Direction, cards: Path) -> str:
    star = "*" if direction in device.default_for else " "
    name = lasting_name(device, cards)
    count = device.channels[direction]
    about = [] if name == device.name else [device.name]
    about.append(f"{count} channel{'s' * (count != 1)}")
    return f" {star} {name} ({', '.join(about)})"


def _pin_lines(find: Callable[[], Pins]) -> list[str]:
    try:
        return [f"GPIO: {find().name}"]
    except GpioError as error:
        return [f"GPIO: none ({error})"]
