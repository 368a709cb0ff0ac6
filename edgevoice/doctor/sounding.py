"""Plays chirps through the configured loudspeaker and notes what the microphone hears of them.

What it means is computed in `audio/calibration.py`. Both devices are watched meanwhile:
one that is lost ends the measurement.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.calibration import Measured, measure
from edgevoice.audio.chirp import CHIRP_S, MOST_BEHIND, Programme
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config
from edgevoice.errors import AudioError, MicrophoneError, SpeakerError
from edgevoice.hardware.sound.microphone import (
    Microphone,
    OnBlock,
    OnFound,
    OnLost,
    make_microphone,
)
from edgevoice.hardware.sound.speaker import Speaker, make_speaker

SETTLE_S = 1.0
"""Both streams have run so long before anything is played: a sound server fills its buffers."""
PATIENCE_S = 8.0
"""Longer than it should take by so much: something stands still."""
LOOK_S = 0.05
SPELLS = 9


@dataclass(frozen=True, slots=True)
class Devices:
    """How microphone and loudspeaker are made."""

    microphone: Callable[[OnBlock, OnLost, OnFound], Microphone]
    speaker: Callable[[PlayoutBuffer, OnLost, OnFound], Speaker]


def devices_of(config: Config) -> Devices:
    """The configured ones. Zeros are heard out: that the channel is dead is a finding too."""
    microphone = replace(config.microphone, zeros_lost_s=0.0)
    return Devices(
        lambda block, lost, found: make_microphone(microphone, block, lost, found),
        lambda playout, lost, found: make_speaker(config.speaker, playout, lost, found),
    )


def _unseen(share: float = 0.0) -> None:
    """Nobody watches the progress."""


@dataclass(slots=True)
class Tape:
    """What was captured and how much was played, each with the time it passed."""

    now: Callable[[], float]
    playout: PlayoutBuffer
    captured: list[Samples] = field(default_factory=list)
    reference: list[Samples] = field(default_factory=list)
    """What the canceller would be told was played meanwhile."""
    heard_to: int = 0
    heard_at: list[float] = field(default_factory=list)
    """Of each block, when the first of all samples was captured if this one was not late."""
    played_to: int = 0
    played_at: list[float] = field(default_factory=list)
    began: int | None = None
    """Which sample played was the programme's first."""

    def heard(self, block: Samples, reference: Samples) -> None:
        self.captured.append(block.copy())
        self.reference.append(reference)
        self.heard_to += len(block)
        self.heard_at.append(self.now() - self.heard_to / CAPTURE_RATE_HZ)

    def played(self, block: Samples) -> None:
        """In the pulling thread."""
        self.played_at.append(self.now() - self.played_to / self.playout.rate_hz)
        if self.began is None and self.playout.played_samples:
            self.began = self.played_to
        self.played_to += len(block)

    @property
    def captured_s(self) -> float:
        return self.heard_to / CAPTURE_RATE_HZ

    @property
    def played_s(self) -> float:
        return self.played_to / self.playout.rate_hz

    def holds(self, programme: Programme) -> bool:
        """The last chirp was captured, with all that may come after it."""
        if self.began is None or not self.heard_at:
            return False
        end = self.begins(programme)[-1] + CHIRP_S * CAPTURE_RATE_HZ + MOST_BEHIND
        return self.heard_to > end

    def standstill(self) -> AudioError:
        """What to say when that does not happen."""
        if self.captured_s < self.played_s:
            return MicrophoneError("the microphone is open and delivers no sound; unplug it once")
        return SpeakerError("the loudspeaker is open and takes no sound; unplug it once")

    def begins(self, programme: Programme) -> list[float]:
        """Where among the captured samples each chirp was handed over to be played.

        What was captured may arrive late, and what is to be played may be asked for early:
        the earliest arrival and the latest pull tell how far apart the two are; of several
        spells the median, as a busy processor delays a pull now and then.
        """
        assert self.began is not None, "nothing has been played"
        latest = [np.max(spell) for spell in _spells(self.played_at)]
        earliest = [np.min(spell) for spell in _spells(self.heard_at)]
        ahead_s = float(np.median(latest) - np.median(earliest))
        times = ((self.began + begin) / programme.rate_hz + ahead_s for begin in programme.begins)
        return [time * CAPTURE_RATE_HZ for time in times]


def _spells(times: list[float]) -> list[NDArray[np.float64]]:
    """About a second each."""
    return np.array_split(np.array(times), min(SPELLS, len(times)))


@dataclass(frozen=True, slots=True)
class Sounded:
    measured: Measured
    reference_ms: float
    """So much after it was handed over to be played a sample is in the echo reference."""


class Sounding:
    """One measurement after the other, with the devices open in between."""

    def __init__(self, devices: Devices, rate_hz: int) -> None:
        self._devices = devices
        self._rate_hz = rate_hz
        self._playout = PlayoutBuffer(rate_hz)
        self._trouble: AudioError | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Raises what opening raises, and in a group what happens later."""
        self._new_tape()
        self._heard_to = 0
        speaker = self._devices.speaker(self._playout, self._lost(SpeakerError), _found)
        microphone = self._devices.microphone(self._heard, self._lost(MicrophoneError), _found)
        self._reference = EchoReference(self._rate_hz)
        speaker.on_played = self._played
        try:
            # In this order they become one stream on one card, as they do in the daemon.
            await speaker.open()
            await microphone.open()
            async with asyncio.TaskGroup() as tasks:
                watching = [tasks.create_task(d.watch()) for d in (speaker, microphone)]
                yield
                for task in watching:
                    task.cancel()
        finally:
            await microphone.close()
            await speaker.close()

    async def measure(
        self, volume: float, full_scale: int, progress: Callable[[float], None] = _unseen
    ) -> Sounded:
        """Play it all at this amplitude, and listen; `progress` gets 0 to 1."""
        self._playout.volume = volume
        self._new_tape()
        await self._until(self._settled, SETTLE_S, _unseen)
        self._new_tape()
        programme = Programme(self._rate_hz)
        self._playout.begin_answer()
        self._playout.push(programme.sound())
        whole = programme.begins[-1] / self._rate_hz + CHIRP_S + MOST_BEHIND / CAPTURE_RATE_HZ
        await self._until(
            lambda: self._tape.holds(programme),
            whole,
            lambda: progress(min(1.0, self._tape.captured_s / whole)),
        )
        played = Programme(self._rate_hz, programme.amplitude * volume)
        # An FFT of three seconds, six times: too long for the loop on a small board.
        return await asyncio.to_thread(_judge, self._tape, programme, played, full_scale)

    def _heard(self, block: Samples) -> None:
        first, self._heard_to = self._heard_to, self._heard_to + len(block)
        self._reference.captured(self._heard_to, self._tape.now())
        self._tape.heard(block, self._reference.take(first, len(block)))

    def _played(self, block: Samples, at_s: float) -> None:
        """In the pulling thread."""
        self._reference.played(block, at_s)
        self._tape.played(block)

    def _new_tape(self) -> None:
        self._tape = Tape(asyncio.get_running_loop().time, self._playout)

    def _settled(self) -> bool:
        return min(self._tape.captured_s, self._tape.played_s) >= SETTLE_S

    def _lost(self, kind: type[AudioError]) -> Callable[[str], None]:
        def lost(reason: str) -> None:
            self._trouble = self._trouble or kind(reason)

        return lost

    async def _until(
        self, holds: Callable[[], bool], usual_s: float, meanwhile: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + usual_s + PATIENCE_S
        while not holds():
            if self._trouble is not None:
                raise self._trouble
            if loop.time() > give_up_at:
                raise self._tape.standstill()
            meanwhile()
            await asyncio.sleep(LOOK_S)


def _judge(tape: Tape, programme: Programme, played: Programme, full_scale: int) -> Sounded:
    begins = tape.begins(programme)
    # The reference is what a perfect microphone would hear of a perfect room.
    reference = measure(np.concatenate(tape.reference), begins, played).echo
    return Sounded(
        measure(np.concatenate(tape.captured), begins, played, full_scale),
        0.0 if reference is None else reference.delay_ms,
    )


def _found() -> None:
    """It was lost before, which has ended the measurement."""
