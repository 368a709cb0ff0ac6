"""Wake words said into a long answer: how many are missed, and how often the answer itself wakes.

Real recordings over the simulated echo of our own voice and of real people, which
never pauses: the hardest case. Each path hears the very same sound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from sound.duplex import PLAYOUT_RATE_HZ, Acoustics, Duplex, Tape
from sound.figures import Figure
from sound.paths import PATHS, HearingPath
from sound.voices import assistant, level, scaled, spoken, wake_recordings

WORD = "alexa"
LEAD_S = 3.0
"""Of the answer alone, at the beginning; cancellers learn the room meanwhile."""
PAUSE_S = 2.2
"""Between two who say the word: longer than the device is deaf after hearing one."""
LATE_S = 0.6
"""After its end a word may still be detected."""
FAR_S = 60.0

MISSES_BUDGET = 25.0
"""Percent, at SER -5 dB and milder, by the linear canceller. Measured with a harsher
saturation, the plain microphone misses 87 to 100 percent."""

CONDITIONS = ((0.0, 90.0), (-5.0, 90.0), (-10.0, 90.0), (-5.0, 40.0), (-5.0, 150.0))
"""Speech-to-echo ratio in dB, and the delay of the echo in ms."""


@dataclass(frozen=True)
class Said:
    """Sound at the microphone without any echo, and where in it the word is said."""

    sound: Samples
    places: list[tuple[int, int]]


@dataclass
class Tally:
    heard: int = 0
    false: int = 0


def say(paths: list[Path], loudness: float) -> Said:
    """One after the other, each as loud as asked for (root mean square of its speech)."""
    parts: list[Samples] = [np.zeros(round(LEAD_S * CAPTURE_RATE_HZ), np.int16)]
    places, at = [], len(parts[0])
    pause = np.zeros(round(PAUSE_S * CAPTURE_RATE_HZ), np.int16)
    for path in paths:
        sound = spoken(path)
        places.append((at, at + len(sound)))
        parts += [scaled(sound, loudness / level(sound)), pause]
        at += len(sound) + len(pause)
    return Said(np.concatenate(parts), places)


def echo_level(far: Samples, acoustics: Acoustics) -> float:
    """How loud the echo of this answer is at the microphone."""
    duplex = Duplex(acoustics, Tape(far).pull)
    silence = np.zeros(10 * CAPTURE_RATE_HZ, np.int16)
    return level(np.concatenate(list(duplex.frames(silence))))


def listen(said: Said, far: Samples, acoustics: Acoustics) -> dict[str, Tally]:
    """Every path's ear at the same microphone."""
    ears = {name: Ear(path(PLAYOUT_RATE_HZ), said) for name, path in PATHS.items()}

    def played(block: Samples, now: float) -> None:
        for ear in ears.values():
            ear.path.played(block, now)

    duplex = Duplex(acoustics, Tape(far).pull, played)
    for n, frame in enumerate(duplex.frames(said.sound)):
        for ear in ears.values():
            ear.hear(frame, n * FRAME_SAMPLES, duplex.now)
    return {name: ear.tally for name, ear in ears.items()}


class Ear:
    def __init__(self, path: HearingPath, said: Said) -> None:
        self.path = path
        self.tally = Tally()
        self._words = WakeWords("", WakeConfig((WakeWordConfig(WORD),)))
        self._places = dict.fromkeys(said.places, False)

    def hear(self, frame: Samples, first: int, now: float) -> None:
        clean = self.path.hear(frame, first, now)
        for detection in self._words.hear(clean, first):
            self._count(detection.detected_at)

    def _count(self, at: int) -> None:
        for start, stop in self._places:
            if start <= at <= stop + round(LATE_S * CAPTURE_RATE_HZ):
                self.tally.heard += not self._places[start, stop]
                self._places[start, stop] = True
                return
        self.tally.false += 1


def misses(folder: Path | None) -> Iterator[Figure]:
    far = assistant(PLAYOUT_RATE_HZ, FAR_S)
    recordings = wake_recordings(folder, WORD)
    seconds, false = 0.0, dict.fromkeys(PATHS, 0)
    for ser_db, delay_ms in CONDITIONS:
        acoustics = Acoustics(delay_ms=delay_ms)
        said = say(recordings, echo_level(far, acoustics) * 10 ** (ser_db / 20))
        tallies = listen(said, far, acoustics)
        seconds += len(said.sound) / CAPTURE_RATE_HZ
        missed = {name: 100 * (1 - t.heard / len(recordings)) for name, t in tallies.items()}
        for name, tally in tallies.items():
            false[name] += tally.false
        yield Figure(
            f"missed, SER {ser_db:+.0f} dB, echo after {delay_ms:.0f} ms: linear",
            missed["linear"],
            " %",
            at_most=MISSES_BUDGET if ser_db >= -5 else None,
            stock=missed["microphone"],
            stock_name=f"plain microphone, {missed['AEC3']:.0f} % AEC3",
        )
    others = ", ".join(f"{count} {name}" for name, count in false.items() if name != "linear")
    what = f"false wakes in {seconds / 60:.1f} min of it: linear"
    yield Figure(what, false["linear"], at_most=0, stock=None, stock_name=others)
