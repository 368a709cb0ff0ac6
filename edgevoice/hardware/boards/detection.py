"""From signs to a board: the one that explains most of what is seen, or a question. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgevoice.hardware.boards.known import KNOWN, KnownBoard
from edgevoice.hardware.boards.seen import Seen
from edgevoice.hardware.boards.signs import Chip, Evidence

NOTHING = (
    "No board that edgevoice knows was found. If a button or an LED is wired to the pins, use"
    " `plain`; if not, `none` is right."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    board: KnownBoard
    evidence: tuple[Evidence, ...]

    @property
    def decides(self) -> bool:
        return any(evidence.decides for evidence in self.evidence)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(evidence.key for evidence in self.evidence)


@dataclass(frozen=True, slots=True)
class Detection:
    seen: Seen
    candidates: tuple[Candidate, ...] = ()
    """The one with most evidence first."""

    @property
    def board(self) -> KnownBoard | None:
        """The only one it can be."""
        return self.candidates[0].board if len(self.candidates) == 1 else None

    @property
    def unseen(self) -> str:
        """Why this may be less than there is; empty where the bus was heard, or is not needed."""
        heard = any(
            evidence.decides or evidence.key.startswith("i2c")
            for found in self.candidates
            for evidence in found.evidence
        )
        return "" if heard else self.seen.bus.unseen

    @property
    def question(self) -> str:
        """What decides between the candidates; empty where nothing is to be decided."""
        if self.board:
            return ""
        if not self.candidates:
            return NOTHING if self.seen.is_pi and not self.unseen else ""
        return "Which of these is it? " + "; or ".join(
            f"{found.board.name}: {found.board.looks or found.board.title}"
            for found in self.candidates
        )


def detect(seen: Seen, boards: Sequence[KnownBoard] = KNOWN) -> Detection:
    found = [Candidate(board, evidence) for board in boards if (evidence := _evidence(board, seen))]
    if any(candidate.decides for candidate in found):
        found = [candidate for candidate in found if candidate.decides]
    best = [one for one in found if not any(_explains_more(other, one) for other in found)]
    return Detection(seen, tuple(sorted(best, key=lambda one: len(one.evidence), reverse=True)))


def _evidence(board: KnownBoard, seen: Seen) -> tuple[Evidence, ...]:
    """What speaks for it; nothing when a chip it must have is not there."""
    by_sign = {sign: sign.find(seen) for sign in board.signs}
    evidence = tuple(found for found in by_sign.values() if found)
    missing = [
        sign
        for sign, found in by_sign.items()
        if isinstance(sign, Chip) and sign.needed and not found
    ]
    # While I2C is off a chip cannot answer, and with its EEPROM read it need not.
    if missing and not any(found.decides for found in evidence) and not seen.bus.unseen:
        return ()
    return evidence


def _explains_more(one: Candidate, other: Candidate) -> bool:
    return one.keys > other.keys
