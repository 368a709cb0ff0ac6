"""The things with wires a device is made of, real ones by configuration.

The simulator makes another `Board`; nothing else of the device knows the difference.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.vad import Vad, make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config, WakeWordConfig
from edgevoice.errors import AudioError, ModelError
from edgevoice.hardware.gpio.pins import PinSource, board_pins
from edgevoice.hardware.sound.microphone import (
    Microphone,
    OnBlock,
    OnFound,
    OnLost,
    make_microphone,
)
from edgevoice.hardware.sound.portaudio import PORTAUDIO
from edgevoice.hardware.sound.sound_names import on_one_card
from edgevoice.hardware.sound.speaker import Speaker, make_speaker
from edgevoice.webrtc.codec import Codec


class Models(NamedTuple):
    vad: Vad
    wake_words: WakeWords
    unheard: tuple[str, ...] = ()
    """Of each wake word that could not be loaded, what it is and what to do."""
    poorer: tuple[str, ...] = ()
    """Likewise of what something else does in its place."""

    @property
    def lacking(self) -> tuple[str, ...]:
        return self.unheard + self.poorer


def load_models(config: Config) -> Models:
    """What listens by models. Takes a second on a small board; ModelError where one is missing."""
    folder = config.wake.models_dir
    return Models(make_vad(config.vad, folder), WakeWords(folder, config.wake))


def load_what_can_be(config: Config) -> Models:
    """All but the missing and damaged ones: who cannot be called may still be woken by hand."""
    folder, wake = config.wake.models_dir, config.wake
    unheard: list[str] = []
    poorer: list[str] = []
    heard: list[WakeWordConfig] = []
    for word in wake.words:
        try:
            WakeWords(folder, replace(wake, words=(word,)))
        except ModelError as error:
            unheard.append(f'the wake word "{word.name}" is not heard: {error}')
        else:
            heard.append(word)
    try:
        vad = make_vad(config.vad, folder)
    except ModelError as error:
        poorer.append(f"speech is told by webrtc alone: {error}")
        vad = make_vad(replace(config.vad, engine="webrtc"), folder)
    words = WakeWords(folder, replace(wake, words=tuple(heard)))
    return Models(vad, words, tuple(unheard), tuple(poorer))


@dataclass(frozen=True, slots=True)
class Board:
    microphone: Callable[[OnBlock, OnLost, OnFound], Microphone]
    speaker: Callable[[PlayoutBuffer, OnLost, OnFound], Speaker]
    pins: PinSource
    one_clock: Callable[[], bool] = lambda: False
    """Microphone and speaker are surely one card, as far as can be told now. May take a second."""
    is_spinning: Callable[[], bool] = lambda: False
    """What has the sound cards will never let go of them; see `PortAudio`."""
    models: Callable[[Config], Models] = load_models
    """Each with a memory of what it heard: for one device."""
    codec: Codec | None = None
    """How sound is packed for the relay and unpacked; None: as Opus."""


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
