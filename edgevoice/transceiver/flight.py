"""The last steps of a transceiver, and where to begin when they are to be played again.

Kept in memory, and bounded. It holds what was said, so it is forgotten when the
conversation is.
"""

from collections import deque
from dataclasses import dataclass

from edgevoice.transceiver.setup import Setup
from edgevoice.transceiver.step import Step
from edgevoice.transceiver.transceiver import Transceiver

MOST_ENTRIES = 1_000
"""Some 25 turns, which take 1.2 MB; whoever is at rest in between begins again."""

AGAIN_STEPS = 100
"""A board in a noisy room has steps without any session; so often there is a new beginning."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A transceiver was built of this, or is as if it were."""

    now: float
    setup: Setup


Entry = Beginning | Step


class Flight:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._since: int | None = None
        """Steps since the last beginning; None: it does not count any more."""

    def begin(self, mind: Transceiver, now: float) -> None:
        """It has just been built."""
        setup = mind.setup
        if setup is not None:
            self._entries.append(Beginning(now, setup))
        self._since = None if setup is None else 0

    def add(self, step: Step, mind: Transceiver) -> None:
        self._entries.append(step)
        if not mind.rests:
            self._since = None
        elif self._since is None or self._since >= AGAIN_STEPS:
            self.begin(mind, step.now)
        else:
            self._since += 1

    def forget(self, mind: Transceiver, now: float) -> None:
        """All there is; what follows can be played again from the next beginning on."""
        self._entries.clear()
        self.begin(mind, now)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)
