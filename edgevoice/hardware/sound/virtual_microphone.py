"""Microphones without hardware: silence into which somebody may speak, and a WAV file.

They deliver at the right pace by the loop's clock, count like the real one and can
be unplugged, so that everything behind them can be tried on any machine.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from edgevoice.audio.frames import FRAME_MS, FRAME_SAMPLES, Samples
from edgevoice.audio.wav import read_wav
from edgevoice.errors import MicrophoneError, WavError
from edgevoice.hardware.sound.pacer import Pacer


class VirtualMicrophone:
    """A silent room. `say` mixes sound into it; see `Microphone` for the rest."""

    def __init__(
        self,
        on_block: Callable[[Samples], None],
        on_lost: Callable[[str], None],
        on_found: Callable[[], None],
    ) -> None:
        self._on_block = on_block
        self._on_lost = on_lost
        self._on_found = on_found
        self._pacer = Pacer(FRAME_MS / 1000, self._beat)
        self._clips: list[tuple[int, Samples]] = []
        self._wanted = False
        self._plugged = True
        self.blocks = 0

    @property
    def position(self) -> int:
        """Index of the next sample, counting those handed over since the beginning."""
        return self.blocks * FRAME_SAMPLES

    @property
    def dropped(self) -> int:
        return self._pacer.skipped

    @property
    def behind_s(self) -> float:
        return self._pacer.behind_s

    def say(self, samples: Samples, at_sample: int | None = None) -> int:
        """Mix in a sound, now or at a later sample; the index its first sample will have.

        While the microphone is closed nobody hears it.
        """
        start = self.position if at_sample is None else max(at_sample, self.position)
        if self._pacer.is_running:
            self._clips.append((start, samples))
        return start

    async def open(self) -> None:
        self._wanted = True
        if not self._plugged:
            raise MicrophoneError("the virtual microphone is unplugged: plug it in")
        self._pacer.start()

    async def close(self) -> None:
        self._wanted = False
        self._pacer.stop()
        self._clips.clear()

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except MicrophoneError as error:
            self._on_lost(str(error))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def watch(self) -> None:
        """Nothing to watch: `unplug` and `plug_in` tell by themselves."""

    def unplug(self) -> None:
        """As if the cable were pulled."""
        self._plugged = False
        self._pacer.stop()
        self._clips.clear()
        if self._wanted:
            self._on_lost("the virtual microphone was unplugged")

    def plug_in(self) -> None:
        self._plugged = True
        if self._wanted and not self._pacer.is_running:
            self._pacer.start()
            self._on_found()

    def block_age_s(self, now: float) -> float:
        return now - self._pacer.last_at if self._wanted else 0.0

    def _beat(self) -> None:
        block = self._mixed(self.position)
        self.blocks += 1
        self._clips = [clip for clip in self._clips if clip[0] + len(clip[1]) > self.position]
        self._on_block(block)

    def _mixed(self, first: int) -> Samples:
        """The room's sound from sample `first` on."""
        total = np.zeros(FRAME_SAMPLES, np.int32)
        for start, samples in self._clips:
            offset = max(0, start - first)
            part = samples[max(0, first - start) :][: max(0, FRAME_SAMPLES - offset)]
            total[offset : offset + len(part)] += part
        mixed: Samples = np.clip(total, -32768, 32767).astype(np.int16)
        return mixed


class WavMicrophone(VirtualMicrophone):
    """Plays a file once, from the moment it is first opened; silence after that."""

    def __init__(
        self,
        path: str,
        on_block: Callable[[Samples], None],
        on_lost: Callable[[str], None],
        on_found: Callable[[], None],
    ) -> None:
        super().__init__(on_block, on_lost, on_found)
        self._path = path
        self._played = False

    async def open(self) -> None:
        try:
            samples = await asyncio.to_thread(read_wav, self._path)
        except WavError as error:
            raise MicrophoneError(f"microphone.device: {error}") from error
        await super().open()
        if not self._played:
            self._played = True
            self.say(samples)
