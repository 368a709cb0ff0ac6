"""A room of a private PulseAudio, in which a device listens, speaks and may hear itself.

What is played goes through the real sounddevice, PortAudio and ALSA of a real
device process. With `echo` the loudspeaker is heard in the microphone, later and
quieter, as in any room.
"""

import asyncio
import os
import re
import subprocess

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.resample import resample
from tests.pulse import SPEAKER_RATE_HZ, Pulse
from tests.recordings import scene

DEVICE = {
    "microphone__backend": "portaudio",
    "microphone__device": "pulse",
    "speaker__backend": "portaudio",
    "speaker__device": "pulse",
}
"""Settings of a device in this room."""

ECHO_MS = 60

LIKE = 0.4
"""`likeness` above which two recordings are of the same words."""


class SoundRoom:
    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse

    def echo(self, percent: int) -> None:
        """From now on the microphone hears the loudspeaker, at this volume (of 100)."""
        before = self._sink_inputs()
        # Two null sinks share one clock: without an adjusted rate nothing drifts.
        self._pactl(
            "load-module", "module-loopback", "source=loudspeaker.monitor", "sink=room",
            f"latency_msec={ECHO_MS}", "adjust_time=0",
        )  # fmt: skip
        (added,) = self._sink_inputs() - before
        self._pactl("set-sink-input-volume", added, f"{percent}%")

    async def say(self, *parts: Samples | str | float) -> None:
        """See `tests.recordings.scene`; returns when it has been said."""
        await asyncio.to_thread(self._pulse.say, scene(*parts))

    def captures_of(self, pid: int) -> int:
        """Streams that this process captures with at the moment."""
        owner = re.escape(f'application.process.id = "{pid}"')
        return len(re.findall(owner, self._pactl("list", "source-outputs")))

    @property
    def played(self) -> int:
        """How far the loudspeaker has come, for `heard`."""
        return len(self._pulse.recording())

    def heard(self, since: int) -> Samples:
        """What has come out of the loudspeaker since, at 16 kHz."""
        return resample(self._pulse.recording()[since:], SPEAKER_RATE_HZ, CAPTURE_RATE_HZ)

    def _sink_inputs(self) -> set[str]:
        return {
            line.split()[0] for line in self._pactl("list", "short", "sink-inputs").splitlines()
        }

    def _pactl(self, *command: str) -> str:
        return subprocess.run(
            ["pactl", *command],
            env={**os.environ, **self._pulse.environment, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def likeness(heard: Samples, said: Samples) -> float:
    """Normalised correlation of `said` with the place of `heard` that fits best.

    A question that was captured, coded twice and played was seen to have 0.77;
    other recordings at most 0.16.
    """
    size = 1 << (len(heard) + len(said)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    place = int(np.argmax(np.fft.irfft(product, size)[: len(heard)]))
    piece: NDArray[np.float64] = heard[place : place + len(said)].astype(np.float64)
    whole = said[: len(piece)].astype(np.float64)
    return float(piece @ whole / (np.linalg.norm(piece) * np.linalg.norm(said) + 1e-9))
