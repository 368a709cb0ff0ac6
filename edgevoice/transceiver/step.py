"""One step of a transceiver, for those who look on: what happened, and what was done about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgevoice.transceiver.actions import Action
from edgevoice.transceiver.inputs import Input
from edgevoice.transceiver.states import State

BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a mistake in the transceiver looks like. It touches nothing outside, so nothing else
can go wrong in it."""


def broken_by(error: BaseException) -> str:
    """An invariant in its own words. Of anything else what it is: its text may quote anybody."""
    if isinstance(error, AssertionError):
        return str(error) or "an invariant"
    return type(error).__name__


@dataclass(frozen=True, slots=True)
class Step:
    now: float
    happened: Input
    before: State
    actions: Sequence[Action]
    after: State
    broken: str = ""
    """The invariant that broke in it, in its own words; there are no actions then."""
