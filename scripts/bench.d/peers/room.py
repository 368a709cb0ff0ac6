"""A room of a private PulseAudio: one microphone for all, a loudspeaker, and two tapes.

A tape knows the time of its samples on the clock of all processes of the machine
(`time.monotonic`), so what was said, what was played and what a server wrote down can be
set side by side. Both tapes are late by the same 10 to 20 ms.
"""

import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from tests.pulse import Pulse, _format

BLOCK = 320


class Tape:
    """What a sink plays, at 16 kHz, from now on."""

    def __init__(self, sink: str, environment: dict[str, str]) -> None:
        self._recorder = subprocess.Popen(
            ["parec", f"--device={sink}.monitor", *_format(CAPTURE_RATE_HZ)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
        )
        self._sound = bytearray()
        self._arrived: list[tuple[int, float]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._recorder.stdout is not None
        while block := self._recorder.stdout.read1(2 * BLOCK):
            self._sound += block
            self._arrived.append((len(self._sound) // 2, time.monotonic()))

    @property
    def end(self) -> int:
        return len(self._sound) // 2

    def since(self, sample: int) -> Samples:
        data = bytes(self._sound[2 * sample : len(self._sound) // 2 * 2])
        return np.frombuffer(data, "<i2").astype(np.int16)

    def time_of(self, sample: int) -> float:
        """By the blocks of the second around it that came soonest."""
        near = [
            (count, at)
            for count, at in list(self._arrived)
            if abs(count - sample) < CAPTURE_RATE_HZ // 2
        ]
        began = min(at - count / CAPTURE_RATE_HZ for count, at in near)
        return began + sample / CAPTURE_RATE_HZ

    def close(self) -> None:
        self._recorder.kill()
        self._recorder.wait()


class Room(Pulse):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: Tape
        self.played: Tape

    def start(self) -> None:
        super().start()
        environment = self.environment
        self.said, self.played = Tape("room", environment), Tape("loudspeaker", environment)
        time.sleep(0.5)

    def kill(self) -> None:
        for tape in ("said", "played"):
            if tape in self.__dict__:
                getattr(self, tape).close()
        super().kill()
