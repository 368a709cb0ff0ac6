"""What is said and what breaks, and in which order: the same for the same seed. Pure.

Faults come with every third conversation or so. Those that end the relay's process come early
in each stretch of `STRETCH_S`, so that what is left of it is one life, long enough for slopes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

TALKS = (
    "question",
    "follow-up",
    "button",
    "barge-in",
    "wake word in the answer",
    "stopped",
    "unanswered wake",
    "timer",
    "announcement",
    "muted",
)
"""Kinds of conversations; `talks.py` has each."""

RESTARTS = (("relay killed", "answer"), ("relay restarted", "sentence"))
FAULTS = (
    "link cut for 1 s",
    "link cut for 3 s",
    "relay hung for 1 s",
    "microphone lost",
    "speaker lost",
    "device reloaded",
    "relay reloaded",
    "bad configuration",
    "hostile events",
    "hostile requests",
    "stray datagrams",
)
"""Each is in `faults.py`."""
MOMENTS = ("idle", "sentence", "answer")
"""When it happens: with nobody there, while the user speaks, or while the device does."""

STRETCH_S = 900.0
EARLY_S = 90.0
FAULTY = 0.4
"""So many of the conversations have a fault."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    talk: str
    fault: str = ""
    moment: str = ""

    def __str__(self) -> str:
        return f"{self.talk}, {self.fault} ({self.moment})" if self.fault else self.talk


class Schedule:
    """An endless row. Everything has come once before anything comes for the second time."""

    def __init__(self, seed: int, talks: tuple[str, ...] = TALKS, *, faults: bool = True) -> None:
        self._random = random.Random(seed)
        self._faults = faults
        self._talks = self._rounds(talks)
        self._breaks = self._rounds(FAULTS)
        self._moments = self._rounds(MOMENTS)
        self._restarts = cycle(RESTARTS)
        self._restarted = 0

    def next(self, now_s: float) -> Scheduled:
        """`now_s`: since the beginning of the run."""
        if not self._faults:
            return Scheduled(next(self._talks))
        if self._restart_is_due(now_s):
            self._restarted += 1
            return Scheduled("question", *next(self._restarts))
        if self._random.random() < FAULTY:
            return Scheduled("question", next(self._breaks), next(self._moments))
        return Scheduled(next(self._talks))

    def _restart_is_due(self, now_s: float) -> bool:
        """Twice, within the first part of each stretch."""
        stretch, within_s = divmod(now_s, STRETCH_S)
        done = self._restarted - 2 * int(stretch)
        return (done <= 0 and within_s >= EARLY_S / 4) or (done == 1 and within_s >= EARLY_S / 2)

    def _rounds(self, names: tuple[str, ...]) -> Iterator[str]:
        while True:
            order = list(names)
            self._random.shuffle(order)
            yield from order
