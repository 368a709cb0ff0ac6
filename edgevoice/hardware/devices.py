"""What `edgevoice devices` lists: sound cards by the names the configuration wants, and pins."""

from collections.abc import Callable, Sequence

from edgevoice.errors import AudioError, GpioError
from edgevoice.hardware.pins import Pins, find_pins
from edgevoice.hardware.portaudio import PORTAUDIO, Direction, SoundDevice, SoundSystem


def list_devices(sound: SoundSystem = PORTAUDIO, find: Callable[[], Pins] = find_pins) -> list[str]:
    """Lines for people; the default devices are marked with a star."""
    return [*_sound_lines(sound), *_pin_lines(find)]


def _sound_lines(sound: SoundSystem) -> list[str]:
    try:
        devices = sound.devices()
    except AudioError as error:
        return [f"sound: none ({error})"]
    return [
        "microphones (microphone.device takes a part of the name):",
        *_cards(devices, "in"),
        "speakers (speaker.device takes a part of the name):",
        *_cards(devices, "out"),
    ]


def _cards(devices: Sequence[SoundDevice], direction: Direction) -> list[str]:
    lines = [
        f" {'*' if direction in device.default_for else ' '} {device.name}"
        f" ({device.channels[direction]} channels)"
        for device in devices
        if device.channels[direction]
    ]
    return lines or ["   none; is the card plugged in, and the user in the group audio?"]


def _pin_lines(find: Callable[[], Pins]) -> list[str]:
    try:
        return [f"GPIO: {find().name}"]
    except GpioError as error:
        return [f"GPIO: none ({error})"]
