"""The things with wires a device is made of, real ones by configuration.

The simulator makes another `Board`; nothing else of the device knows the difference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config
from edgevoice.errors import AudioError
from edgevoice.hardware.microphone import Microphone, OnBlock, OnFound, OnLost, make_microphone
from edgevoice.hardware.pins import PinSource, board_pins
from edgevoice.hardware.portaudio import PORTAUDIO
from edgevoice.hardware.sound_names import on_one_card
from edgevoice.hardware.speaker import Speaker, make_speaker


@dataclass(frozen=True, slots=True)
class Board:
    microphone: Callable[[OnBlock, OnLost, OnFound], Microphone]
    speaker: Callable[[PlayoutBuffer, OnLost, OnFound], Speaker]
    pins: PinSource
    one_clock: Callable[[], bool] = lambda: False
    """Microphone and speaker are surely one card, as far as can be told now. May take a second."""
    is_spinning: Callable[[], bool] = lambda: False
    """What has the sound cards will never let go of them; see `PortAudio`."""


def real_board(config: Config) -> Board:
    """What the configuration names."""
    return Board(
        microphone=partial(make_microphone, config.microphone),
        speaker=partial(make_speaker, config.speaker),
        pins=board_pins,
        one_clock=partial(_one_card, config),
        is_spinning=lambda: PORTAUDIO.is_spinning,
    )


def _one_card(config: Config) -> bool:
    if (config.microphone.backend, config.speaker.backend) != ("portaudio", "portaudio"):
        return False
    try:
        devices = PORTAUDIO.devices()
    except AudioError:
        return False
    return on_one_card(devices, config.microphone.device, config.speaker.device)
