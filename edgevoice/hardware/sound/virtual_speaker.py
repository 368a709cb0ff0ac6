"""Speakers without hardware: one that plays to nobody at the right speed, and a recorder."""

import logging
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np

from edgevoice.audio.frames import FRAME_MS, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import WavWriter
from edgevoice.errors import SpeakerError, WavError
from edgevoice.hardware.sound.pacer import Pacer

log = logging.getLogger(__name__)

OnPlayed: TypeAlias = Callable[[Samples, float], None]
"""A block, and when it was pulled by the loop's clock."""
OnLost: TypeAlias = Callable[[str], None]
OnFound: TypeAlias = Callable[[], None]

LONGEST_RECORDING_S = 3600
"""330 MB at 48 kHz; a recorder that was forgotten must not fill the disk."""


class VirtualSpeaker:
    """Pulls 20 ms every 20 ms by the loop's clock; records what it pulls if told where.

    Unplugged, it goes on pulling: an answer ends as it should, and is not heard.
    """

    delay_ms = 0

    def __init__(
        self,
        playout: PlayoutBuffer,
        record_to: Path | None = None,
        on_lost: OnLost = lambda reason: None,
        on_found: OnFound = lambda: None,
    ) -> None:
        self._playout = playout
        self._on_lost = on_lost
        self._on_found = on_found
        self._plugged = True
        self.on_played: OnPlayed = lambda block, at_s: None
        self.on_starved: Callable[[], None] = lambda: None
        self._block = playout.rate_hz * FRAME_MS // 1000
        self._pacer = Pacer(FRAME_MS / 1000, self._beat)
        self._recorder = WavWriter(record_to, playout.rate_hz) if record_to else None
        self._recordable = LONGEST_RECORDING_S * 1000 // FRAME_MS

    async def open(self) -> None:
        if self._recorder:
            try:
                self._recorder.open()
            except WavError as error:
                raise SpeakerError(f"speaker.device: {error}") from error
        self.start()

    async def close(self) -> None:
        self.stop()
        if self._recorder:
            self._end_recording(self._recorder)

    async def __aenter__(self) -> Self:
        await self.open()
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
        if self._plugged:
            self._plugged = False
            self._on_lost("the virtual speaker was unplugged")

    def plug_in(self) -> None:
        if not self._plugged:
            self._plugged = True
            self._on_found()

    def start(self) -> None:
        """Pull from now on."""
        self._pacer.start()

    def stop(self) -> None:
        self._pacer.stop()

    def _beat(self) -> None:
        block = self._playout.pull(self._block)
        if not self._plugged:
            block = np.zeros_like(block)
        if self._recorder:
            self._record(self._recorder, block)
        self._played(block)
        if self._plugged:
            self.on_played(block, self._pacer.due_at)

    def _played(self, block: Samples) -> None:
        """For speakers that do more with what was just heard."""

    def _record(self, recorder: WavWriter, block: Samples) -> None:
        try:
            recorder.write(block)
        except OSError as error:
            log.warning("the recording ends here: %s", error.strerror or error)
            self._end_recording(recorder)
        self._recordable -= 1
        if not self._recordable:
            log.warning("the recording ends here: it has become an hour long")
            self._end_recording(recorder)

    def _end_recording(self, recorder: WavWriter) -> None:
        self._recorder = None
        try:
            recorder.close()
        except OSError as error:
            log.warning("the recording is incomplete: %s", error.strerror or error)
