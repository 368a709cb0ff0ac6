"""The simulated board: a microphone one can speak into, a recording loudspeaker, pins in memory.

What is played may come back to the microphone, by way of a room (`acoustics.py`).
"""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import WavWriter, read_wav
from edgevoice.config import SpeakerConfig
from edgevoice.daemon.board import Board
from edgevoice.errors import SpeakerError
from edgevoice.hardware.gpio.pins import MockPins
from edgevoice.hardware.sound.microphone import Microphone, OnBlock, OnFound, OnLost
from edgevoice.hardware.sound.speaker import PortAudioSpeaker, Speaker
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone
from edgevoice.hardware.sound.virtual_speaker import VirtualSpeaker
from edgevoice.simulator.acoustics import EchoPath
from edgevoice.simulator.scenario import Echo

log = logging.getLogger(__name__)

NOISE_DBFS = -65.0
"""Of a room that has an echo: a quiet living room, with a usual microphone."""


class RoomMicrophone(VirtualMicrophone):
    """Hears what is said, and whatever else sounds in the room."""

    ambience: Callable[[int], Samples] | None = None
    """The next so many samples of it."""

    def _mixed(self, first: int) -> Samples:
        said = super()._mixed(first)
        if self.ambience is None:
            return said
        both = said.astype(np.int32) + self.ambience(FRAME_SAMPLES)
        mixed: Samples = np.clip(both, -32768, 32767).astype(np.int16)
        return mixed


class RecordingSpeaker(VirtualSpeaker):
    """Plays at the right speed into a file, and aloud where there is a sound card."""

    def __init__(self, playout: PlayoutBuffer, record_to: Path, aloud: bool) -> None:
        super().__init__(playout, record_to)
        self._aloud = PlayoutBuffer(playout.rate_hz)
        self._card = PortAudioSpeaker(SpeakerConfig(), self._aloud) if aloud else None
        self.rate_hz = playout.rate_hz
        self.into_room: Callable[[Samples], None] = lambda block: None
        self.position = 0
        """Samples played so far."""

    async def open(self) -> None:
        if self._card is not None:
            try:
                await self._card.open()
            except SpeakerError as missing:
                log.info("not played aloud: %s", missing)
                await self._card.close()
                self._card = None
        await super().open()

    async def close(self) -> None:
        await super().close()
        if self._card is not None:
            await self._card.close()

    def _played(self, block: Samples) -> None:
        self.position += len(block)
        self.into_room(block)
        if self._card is not None:
            self._aloud.push(block)


class Room:
    """What a scenario's steps act upon."""

    def __init__(self, recording: Path, aloud: bool, echo: Echo | None = None) -> None:
        self._recording = recording
        self._aloud_wanted = aloud
        self._echo = echo
        self.pins = MockPins()
        self.microphone: RoomMicrophone
        self.speaker: RecordingSpeaker

    def board(self) -> Board:
        return Board(self._make_microphone, self._make_speaker, lambda: self.pins)

    def cut(self, start: int, stop: int, path: Path, rate_hz: int) -> None:
        """Copy a stretch of the finished recording, in samples, into a file of its own."""
        with WavWriter(path, rate_hz) as writer:
            writer.write(read_wav(self._recording, rate_hz)[start:stop])

    def _make_microphone(self, block: OnBlock, lost: OnLost, found: OnFound) -> Microphone:
        self.microphone = RoomMicrophone(block, lost, found)
        self._build()
        return self.microphone

    def _make_speaker(self, playout: PlayoutBuffer, lost: OnLost, found: OnFound) -> Speaker:
        self.speaker = RecordingSpeaker(playout, self._recording, self._aloud_wanted)
        self._build()
        return self.speaker

    def _build(self) -> None:
        """The way from the loudspeaker to the microphone, once both are there."""
        echo = self._echo
        if echo is None or not (hasattr(self, "microphone") and hasattr(self, "speaker")):
            return
        path = EchoPath(
            self.speaker.rate_hz,
            echo.delay_ms,
            echo.level_db,
            saturation=echo.saturation,
            drift_ppm=echo.drift_ppm,
            noise_dbfs=NOISE_DBFS,
        )
        self.speaker.into_room = path.play
        self.microphone.ambience = path.hear
