"""What rings now, what has just been silenced, and what nobody came for. Pure."""

import math
from dataclasses import dataclass
from typing import Any

from edgevoice.tools.labels import LONGEST_LABEL, Kind, tidy

MOST_RINGING = 32
MOST_MISSED = 8
"""More nobody wants to be told; the oldest are forgotten."""
SNOOZE_WITHIN_S = 600.0
"""What was silenced by a wake word may be snoozed for so long."""
JUST_NOW_S = 30.0
"""Who wakes us and asks to stop what rang until then does not want to hear that nothing rings."""
AGAIN_S = 900.0
"""What rang when the program ended rings again at its start, if it is not longer ago."""


@dataclass(frozen=True, slots=True)
class Rung:
    label: str
    kind: Kind
    at: float
    """The time of day at which it began to ring; wrong where that was."""
    late_s: float = 0.0
    """After it should have."""


class Rings:
    def __init__(self) -> None:
        self.ringing: list[Rung] = []
        self.missed: list[Rung] = []
        self._silenced: list[Rung] = []
        self._silenced_at = -math.inf

    def ring(self, rung: Rung) -> None:
        self.ringing = [*self.ringing[-(MOST_RINGING - 1) :], rung]

    def miss(self, rung: Rung) -> None:
        self.missed = [*self.missed[-(MOST_MISSED - 1) :], rung]

    def silence(self, missed: bool, now: float) -> bool:
        """Nothing rings any more: somebody stopped it, or `missed`. Whether anything rang."""
        if not self.ringing:
            return False
        if missed:
            for rung in self.ringing:
                self.miss(rung)
        self._silenced, self._silenced_at = self.ringing, now
        self.ringing = []
        return True

    def take_for_snooze(self, now: float) -> list[Rung]:
        """What rings, or was silenced a moment ago; it is not ringing any more."""
        recent = self._silenced if now - self._silenced_at <= SNOOZE_WITHIN_S else []
        taken = self.ringing or recent
        self.ringing, self._silenced = [], []
        return taken

    def stopped_one(self, label: str | None, now: float) -> str:
        """Of that name, or any: what rings, or was silenced a moment ago; empty: nothing did."""
        recent = self._silenced if now - self._silenced_at <= JUST_NOW_S else []
        wanted = None if label is None else tidy(label).casefold()
        labels = [rung.label for rung in [*self.ringing, *recent]]
        return next((each for each in labels if wanted in (None, each.casefold())), "")

    def told(self) -> None:
        """Somebody knows now what was missed."""
        self.missed = []

    def forget(self) -> None:
        """All names, whatever became of them."""
        self.ringing, self.missed, self._silenced = [], [], []

    def saved(self) -> dict[str, Any]:
        return {"ringing": _saved(self.ringing), "missed": _saved(self.missed)}

    def restore(self, state: dict[str, Any]) -> list[Rung]:
        """What rang when the program ended; the caller decides what becomes of it."""
        for rung in _restored(state.get("missed")):
            self.miss(rung)
        return _restored(state.get("ringing"))[-MOST_RINGING:]


def _saved(rungs: list[Rung]) -> list[dict[str, Any]]:
    return [
        {"label": rung.label, "kind": rung.kind, "at": rung.at, "late_s": rung.late_s}
        for rung in rungs
    ]


def _restored(entries: Any) -> list[Rung]:
    rungs = []
    for entry in entries if isinstance(entries, list) else []:
        try:
            label, at = str(entry["label"])[:LONGEST_LABEL], float(entry["at"])
            kind: Kind = "alarm" if entry["kind"] == "alarm" else "timer"
            late_s = float(entry["late_s"])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(at) and math.isfinite(late_s):
            rungs.append(Rung(label, kind, at, late_s))
    return rungs
