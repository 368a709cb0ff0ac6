"""Recordings, put one after the other at one loudness, in a quiet room, a kitchen or a crowd."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.wav import read_wav

SPEECH_DBFS = -26.0
"""RMS of speech while it is spoken: what telephony takes for normal (ITU-T P.56)."""

MICROPHONE_DBFS = -76.0
"""The noise of the microphone itself."""

TALKERS = 6
MOST_SAID_BY_ONE = 20

GAP_FRAMES = 10

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Room:
    """`noise` is "", "kitchen", "babble" or "pink", so many dB below the speech."""

    noise: str = ""
    snr_db: float = 0.0

    def __str__(self) -> str:
        return f"{self.noise} {self.snr_db:.0f} dB" if self.noise else "clean"


@dataclass(frozen=True)
class Said:
    """One recording in the scene, by the samples from `start` to `end`."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True)
class Recordings:
    wake: list[Path]
    oneshot: list[Path]
    negative: list[Path]
    orders: list[Path]
    kitchen: Path

    @property
    def all_speech(self) -> list[Path]:
        return [*self.negative, *self.orders]


def recordings(directory: Path | None) -> Recordings:
    """Those of a directory with wake/, oneshot/, negative/, barista/ and noise/, or the tests'."""
    if directory is None:
        return _of_the_tests()
    kinds = ("wake", "oneshot", "negative", "barista", "noise")
    wake, oneshot, negative, orders, noise = (
        sorted(directory.glob(f"{kind}/**/*.wav")) for kind in kinds
    )
    if not (wake or oneshot or negative):
        sys.exit(f"bench: {directory} has no wake, oneshot or negative directory with .wav files")
    return Recordings(wake, oneshot, negative, orders, [*noise, _of_the_tests().kitchen][0])


def _of_the_tests() -> Recordings:
    files = [*ROOT.glob("tests/speech/*.wav"), *ROOT.glob("edgevoice/simulator/speech/*.wav")]
    alone = re.compile(r"(alexa_\d+|hey_\w+)$")
    others = [f for f in files if not f.stem.startswith(("alexa", "hey_", "kitchen"))]
    return Recordings(
        wake=sorted(f for f in files if alone.match(f.stem)),
        oneshot=sorted(f for f in files if re.match(r"alexa_[a-z]", f.stem)),
        negative=sorted(others),
        orders=sorted(f for f in others if f.stem in ("set_timer", "what_time_is_it")),
        kitchen=next(f for f in files if f.stem == "kitchen"),
    )


def scene(
    paths: Sequence[Path], room: Room, kitchen: Path, pause_s: float, babblers: Sequence[Path]
) -> tuple[Samples, list[Said]]:
    """All of them in a row, each behind a pause; and where each lies."""
    parts, said, at = [], [], 0
    pause = np.zeros(round(pause_s * CAPTURE_RATE_HZ))
    for path in paths:
        sound = at_one_loudness(read_wav(path))
        said.append(Said(path, at + len(pause), at + len(pause) + len(sound)))
        at += len(pause) + len(sound)
        parts += [pause, sound]
    sound = np.concatenate([*parts, pause])
    random = np.random.default_rng(1)
    sound += random.standard_normal(len(sound)) * _rms(MICROPHONE_DBFS)
    if room.noise:
        noise = np.resize(_noise(room.noise, kitchen, babblers), len(sound))
        sound += noise * (_rms(SPEECH_DBFS - room.snr_db) / np.sqrt(np.mean(noise**2)))
    return sound.clip(-32768, 32767).astype(np.int16), said


def at_one_loudness(sound: Samples) -> NDArray[np.float64]:
    active = spoken_frames(sound)
    if not active.any():
        return sound.astype(np.float64)
    loud = sound[: len(active) * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)[active]
    return sound * (_rms(SPEECH_DBFS) / np.sqrt(np.mean(loud.astype(np.float64) ** 2)))


def spoken_frames(sound: Samples) -> NDArray[np.bool_]:
    """Which 20 ms of a clean recording are speech, by energy; gaps of 0.2 s are closed."""
    whole = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    level = 10 * np.log10(np.mean(whole.astype(np.float64) ** 2, axis=1) + 1e-6)
    loudest, quietest = np.percentile(level, [98, 10]) if len(level) else (0.0, 0.0)
    loud = np.flatnonzero(level > max(loudest - 32, quietest + 10))
    spoken = np.zeros(len(level), bool)
    for one, following in pairwise(loud):
        if following - one <= GAP_FRAMES:
            spoken[one : following + 1] = True
    return spoken


def _rms(dbfs: float) -> float:
    return float(32768 * 10 ** (dbfs / 20))


def _noise(kind: str, kitchen: Path, babblers: Sequence[Path]) -> NDArray[np.float64]:
    if kind == "kitchen":
        return read_wav(kitchen).astype(np.float64)
    if kind == "pink":
        spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(60 * CAPTURE_RATE_HZ))
        return np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1))
    return _babble(babblers)


def _babble(paths: Sequence[Path]) -> NDArray[np.float64]:
    """Six people talk at once, without a pause."""
    voices = []
    for talker in range(TALKERS):
        speaking = [np.zeros(1)]
        for path in paths[talker::TALKERS][:MOST_SAID_BY_ONE]:
            sound = read_wav(path)
            spoken = np.repeat(spoken_frames(sound), FRAME_SAMPLES)
            speaking.append(at_one_loudness(sound)[: len(spoken)][spoken])
        voices.append(np.concatenate(speaking))
    longest = max(map(len, voices))
    return np.sum([np.resize(voice, longest) for voice in voices], axis=0)
