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
from tests.recordings import scene, speech

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
PIECE = 6400
QUIET = 30
"""Amplitude of what is taken for silence when it is compared."""


class SoundRoom:
    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse

    def echo(self, percent: int) -> None:
        """From now on the microphone hears the loudspeaker, at this volume (of 100)."""
        # Two null sinks share one clock: without an adjusted rate nothing drifts.
        self._pactl(
            "load-module", "module-loopback", "source=loudspeaker.monitor", "sink=room",
            f"latency_msec={ECHO_MS}", "adjust_time=0",
        )  # fmt: skip
        inputs = self._pactl("list", "short", "sink-inputs").splitlines()
        (loopback,) = [line.split()[0] for line in inputs if "module-loopback" in line]
        self._pactl("set-sink-input-volume", loopback, f"{percent}%")

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

    def _pactl(self, *command: str) -> str:
        return subprocess.run(
            ["pactl", *command],
            env={**os.environ, **self._pulse.environment, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def likeness(heard: Samples, said: Samples) -> float:
    """How much of `said` is in `heard`, 1.0 at most: piece by piece, each where it fits best.

    Pieces, because somewhere in between a network or a sound server may have left out
    a moment or put one in. A question that was captured, coded twice and played has 0.6
    to 0.86; other recordings have 0.3 at most, 0.5 where the same voice says similar words.
    """
    pieces = np.split(said, range(PIECE, len(said), PIECE))
    weights = [float(np.linalg.norm(piece.astype(np.float64))) for piece in pieces]
    return sum(w * _best(heard, p) for w, p in zip(weights, pieces, strict=True)) / sum(weights)


def _best(heard: Samples, piece: Samples) -> float:
    """Normalised correlation at the best place."""
    size = 1 << (len(heard) + len(piece)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(piece, size))
    places = max(1, len(heard) - len(piece))
    power = np.convolve(heard.astype(np.float64) ** 2, np.ones(len(piece)), "valid")[:places]
    loudness = np.sqrt(power + len(piece) * QUIET**2) * np.linalg.norm(piece.astype(np.float64))
    correlation: NDArray[np.float64] = np.fft.irfft(product, size)[:places] / (loudness + 1e-9)
    return float(correlation.max())


def without_silence(name: str) -> Samples:
    """A recording from its first to its last loud sample, and 0.1 s around."""
    sound = speech(name)
    amplitude = np.abs(sound.astype(np.int32))
    loud = np.flatnonzero(amplitude > amplitude.max() / 10)
    around = CAPTURE_RATE_HZ // 10
    return sound[max(0, loud[0] - around) : loud[-1] + around]
