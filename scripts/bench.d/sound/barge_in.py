"""From the first sample of somebody's speech at the microphone to silence at the loudspeaker.

The device's own ears, mind and playout buffer, in a simulated room that answers
back. Real people speak into our own voice; and, to see that it does not interrupt
itself, nobody does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from sound.answering import Answering
from sound.duplex import PLAYOUT_RATE_HZ, Acoustics
from sound.figures import Figure
from sound.playback import echo_level
from sound.voices import (
    assistant,
    level,
    other_recordings,
    people,
    scaled,
    speech_start,
    spoken,
    wake_recordings,
)

DUCK_BUDGET_MS, FLUSH_BUDGET_MS = 120.0, 250.0
CARD_S = 0.02
"""Not in the simulation: the two periods of 10 ms that a card holds ready to be played."""

ALONE_S = 3.0
"""The answer is heard so long before somebody speaks into it."""
AFTER_S = 1.0
ANSWER_S = 30.0
TRIALS = 60
SERS_DB = (0.0, -5.0)
"""Speech-to-echo ratios: one who stands at arm's length, and one across the room."""


@dataclass
class Delays:
    ducks: list[float] = field(default_factory=list)
    flushes: list[float] = field(default_factory=list)
    early: int = 0
    """Answers that stopped before anybody spoke."""


def interruptions(folder: Path | None) -> Iterator[Figure]:
    answer = assistant(PLAYOUT_RATE_HZ, ANSWER_S)
    for ser_db in SERS_DB:
        delays = measured(folder, answer, ser_db)
        yield from figures(delays, ser_db)


def figures(delays: Delays, ser_db: float) -> Iterator[Figure]:
    count = len(delays.flushes)
    name = f"SER {ser_db:+.0f} dB, {count} people"
    for what, values, budget in (
        ("ducked", delays.ducks, DUCK_BUDGET_MS),
        ("silent", delays.flushes, FLUSH_BUDGET_MS),
    ):
        p50, p90 = (1000 * np.percentile(values, p, method="higher") for p in (50, 90))
        yield Figure(f"{what} after, p50 ({name})", p50, " ms")
        yield Figure(f"{what} after, p90 ({name})", p90, " ms", at_most=budget)
    never = 100 * np.mean(np.isinf(delays.flushes))
    yield Figure(f"never silent while they spoke ({name})", float(never), " %")
    yield Figure(f"silent before they spoke ({name})", delays.early, at_most=0)


def measured(folder: Path | None, answer: Samples, ser_db: float) -> Delays:
    """One after the other, in one room that is never left."""
    acoustics = Acoustics()
    loudness = echo_level(answer, acoustics) * 10 ** (ser_db / 20)
    home = Answering(acoustics, answer)
    delays = Delays()
    for path in speakers(folder):
        speech = spoken(path)
        track = np.concatenate(
            (
                np.zeros(round(ALONE_S * CAPTURE_RATE_HZ), np.int16),
                scaled(speech, loudness / level(speech)),
                np.zeros(round(AFTER_S * CAPTURE_RATE_HZ), np.int16),
            )
        )
        track = track[: len(track) // FRAME_SAMPLES * FRAME_SAMPLES]
        begins = home.now_s + ALONE_S + speech_start(speech) / CAPTURE_RATE_HZ
        home.answer(track)
        if home.silent_at < begins:
            delays.early += 1
        else:
            delays.ducks.append(home.ducked_at - begins + CARD_S)
            delays.flushes.append(home.silent_at - begins + CARD_S)
    return delays


def speakers(folder: Path | None) -> list[Path]:
    """Different people and words, evenly picked."""
    every = [*wake_recordings(folder), *other_recordings(folder)]
    return every[:: max(1, len(every) // TRIALS)]


def by_itself(folder: Path | None) -> Iterator[Figure]:
    """Answers to nobody: every stop is the device's own fault."""
    voices = {
        "our voice": assistant(PLAYOUT_RATE_HZ, ANSWER_S),
        "people's voices": people(folder, PLAYOUT_RATE_HZ, ANSWER_S),
    }
    for name, answer in voices.items():
        stops = ducks = wakes = 0
        rooms = list(product((40.0, 90.0, 150.0), (-12.0, 0.0)))
        for delay_ms, level_db in rooms:
            home = Answering(Acoustics(delay_ms=delay_ms, level_db=level_db), answer)
            home.answer(np.zeros(round(ANSWER_S * CAPTURE_RATE_HZ), np.int16))
            stops += home.stops
            ducks += home.ducks
            wakes += home.wakes
        minutes = len(rooms) * ANSWER_S / 60
        told = f"in {minutes:.0f} min of {name}, 40 to 150 ms, two levels"
        yield Figure(f"interrupts itself {told}", stops, at_most=0)
        yield Figure(f"wakes itself {told}", wakes, at_most=0)
        yield Figure(f"ducks by itself, per minute, {told}", ducks / minutes)
