"""What timers and alarms are called: in the user's words, each name once, and found again."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from edgevoice.errors import ToolError

LONGEST_LABEL = 40

Kind: TypeAlias = Literal["timer", "alarm"]


def tidy(label: str) -> str:
    """One line, single spaces, no longer than a name is."""
    return " ".join(label.split())[:LONGEST_LABEL].rstrip()


def free_label(label: str, taken: Sequence[str]) -> str:
    """This one, or with the next free number behind it."""
    label = tidy(label) or "timer"
    others = {each.casefold() for each in taken}
    number, candidate = 1, label
    while candidate.casefold() in others:
        number += 1
        candidate = f"{label} {number}"
    return candidate


def find(label: str | None, names: Sequence[str], kind: Kind) -> str:
    """The one of that name, or the only one; ToolError, which the user may hear, otherwise."""
    if not names:
        raise ToolError(f"no {kind} is {'running' if kind == 'timer' else 'set'}")
    listed = ", ".join(names)
    if label is None:
        if len(names) > 1:
            raise ToolError(f"there are several {kind}s, say which: {listed}")
        return names[0]
    wanted = tidy(label).casefold()
    for name in names:
        if name.casefold() == wanted:
            return name
    raise ToolError(f"there is no {kind} of that name, only: {listed}")
