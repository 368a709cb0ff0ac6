"""The simulated board: a microphone one can speak into, a recording loudspeaker, pins in memory."""

import logging
from pathlib import Path

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import WavWriter, read_wav
from edgevoice.config import SpeakerConfig
from edgevoice.daemon.board import Board
from edgevoice.errors import SpeakerError
from edgevoice.hardware.microphone import Microphone, OnBlock, OnFound, OnLost
from edgevoice.hardware.pins import MockPins
from edgevoice.hardware.speaker import PortAudioSpeaker, Speaker
from edgevoice.hardware.virtual_microphone import VirtualMicrophone
from edgevoice.hardware.virtual_speaker import VirtualSpeaker

log = logging.getLogger(__name__)


class RecordingSpeaker(VirtualSpeaker):
    """Plays at the right speed into a file, and aloud where there is a sound card."""

    def __init__(self, playout: PlayoutBuffer, record_to: Path, aloud: bool) -> None:
        super().__init__(playout, record_to)
        self._aloud = PlayoutBuffer(playout.rate_hz)
        self._card = PortAudioSpeaker(SpeakerConfig(), self._aloud) if aloud else None
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
        if self._card is not None:
            self._aloud.push(block)


class Room:
    """What a scenario's steps act upon."""

    def __init__(self, recording: Path, aloud: bool) -> None:
        self._recording = recording
        self._aloud_wanted = aloud
        self.pins = MockPins()
        self.microphone: VirtualMicrophone
        self.speaker: RecordingSpeaker

    def board(self) -> Board:
        return Board(self._make_microphone, self._make_speaker, lambda: self.pins)

    def cut(self, start: int, stop: int, path: Path, rate_hz: int) -> None:
        """Copy a stretch of the finished recording, in samples, into a file of its own."""
        with WavWriter(path, rate_hz) as writer:
            writer.write(read_wav(self._recording, rate_hz)[start:stop])

    def _make_microphone(self, block: OnBlock, lost: OnLost, found: OnFound) -> Microphone:
        self.microphone = VirtualMicrophone(block, lost, found)
        return self.microphone

    def _make_speaker(self, playout: PlayoutBuffer, lost: OnLost, found: OnFound) -> Speaker:
        self.speaker = RecordingSpeaker(playout, self._recording, self._aloud_wanted)
        return self.speaker
