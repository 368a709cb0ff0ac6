"""Somebody speaking, a loudspeaker and a microphone in a simulated room, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.simulator.acoustics import EchoPath
from tests.recordings import speech

SILENCE: Samples = np.zeros(FRAME_SAMPLES, np.int16)
TALK = ("whats_the_date_today", "what_time_is_it", "smart_mirror", "set_timer", "computer")


def at_level(sound: Samples, dbfs: float) -> Samples:
    loud = sound[np.abs(sound) > 0.02 * np.abs(sound).max()].astype(float)
    wanted = 32768 * 10 ** (dbfs / 20)
    return np.clip(sound * (wanted / np.sqrt(np.mean(loud**2))), -32768, 32767).astype(np.int16)


def talk(seconds: float) -> Samples:
    """An answer read aloud by several people, at -20 dBFS, hardly pausing."""
    spoken = np.concatenate([at_level(speech(name), -20) for name in TALK])
    return np.resize(spoken, round(seconds * CAPTURE_RATE_HZ))


def frames(*sounds: Samples) -> Iterator[tuple[Samples, ...]]:
    for first in range(0, len(sounds[0]) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield tuple(sound[first : first + FRAME_SAMPLES] for sound in sounds)


@dataclass
class Heard:
    """What the microphone hears of `far`, and of somebody speaking."""

    far: Samples
    near: Samples
    microphone: Samples


def room(
    seconds: float,
    near: Samples | None = None,
    delay_ms: float = 60,
    level_db: float = -6,
    saturation: float = 0,
    drift_ppm: float = 0,
    seed: int = 0,
) -> Heard:
    far = talk(seconds)
    path = EchoPath(
        CAPTURE_RATE_HZ,
        delay_ms,
        level_db,
        saturation=saturation,
        drift_ppm=drift_ppm,
        noise_dbfs=-65,
        seed=seed,
    )
    echo = []
    for (block,) in frames(far):
        path.play(block)
        echo.append(path.hear(FRAME_SAMPLES))
    sound = np.concatenate(echo)
    spoken = np.zeros(len(sound), np.int16) if near is None else np.resize(near, len(sound))
    mixed = np.clip(sound.astype(int) + spoken, -32768, 32767).astype(np.int16)
    return Heard(far[: len(sound)], spoken, mixed)


def power_db(sound: Samples) -> float:
    return float(10 * np.log10(np.mean(sound.astype(float) ** 2) + 1e-3))


def seconds(sound: Samples, first: float, last: float) -> Samples:
    return sound[round(first * CAPTURE_RATE_HZ) : round(last * CAPTURE_RATE_HZ)]


def against(cleaned: Samples, near: Samples) -> tuple[float, float]:
    """Gain of the voice within what was cleaned, and voice to everything else; dB."""
    c, n = cleaned.astype(float), near.astype(float)
    gain = float(c @ n / (n @ n))
    rest = np.sum((c - gain * n) ** 2)
    return 20 * np.log10(abs(gain)), 10 * np.log10(np.sum((gain * n) ** 2) / rest)
