"""Where a conversation stands: its state, the facts beside it, and what is shown of both.

`go` is the one place that writes the state. Legal moves are in `states.py`, what
is shown in `indication.py`; why a move is made is decided by the callers.
"""

import logging
from dataclasses import replace

from edgevoice.transceiver.actions import Show
from edgevoice.transceiver.indication import Facts, indication
from edgevoice.transceiver.states import TRANSITIONS, State

log = logging.getLogger(__name__)


class IllegalTransition(AssertionError):
    """A move missing from TRANSITIONS: always a bug in edgevoice."""


class Standing:
    def __init__(self, facts: Facts) -> None:
        self.state = State.IDLE
        self.facts = facts
        self._since: float | None = None
        self._shown = indication(self.state, facts)

    def go(self, state: State, why: str, now: float) -> list[Show]:
        """Move there, legally, and show it."""
        if state is not self.state:
            if state not in TRANSITIONS[self.state]:
                raise IllegalTransition(f"{self.state.value} -> {state.value} ({why})")
            stay_s = 0.0 if self._since is None else now - self._since
            log.info("%s -> %s (%s, %.1f s)", self.state.value, state.value, why, stay_s)
            self.state, self._since = state, now
        return self.show()

    def note(self, **facts: bool | None) -> None:
        """Change facts without showing them yet, so that one change flashes once; None: as is."""
        self.facts = replace(self.facts, **{k: v for k, v in facts.items() if v is not None})

    def show(self) -> list[Show]:
        """What must be shown now, if it is not shown already."""
        wanted = indication(self.state, self.facts)
        if wanted is self._shown:
            return []
        self._shown = wanted
        return [Show(wanted)]
