"""The table of what a board says aloud when something fails."""

import ast
from pathlib import Path

from errors import table

from edgevoice.transceiver.actions import Problem

MAKER = Path(__file__).resolve().parents[1] / "make-sounds"
HELPS = {
    Problem.RELAY_UNREACHABLE: "`edgevoice doctor network` says how far the board gets",
    Problem.CONNECTION_LOST: "`edgevoice why` has the reason; again: `edgevoice doctor network`",
    Problem.REFUSED: "`edgevoice doctor network`; if the relay does not know it: `edgevoice pair`",
    Problem.NO_ANSWER: "ask again; the relay's journal says what it waited for",
    Problem.ANSWER_FAILED: "ask again; the relay's journal says what failed",
    Problem.MICROPHONE_LOST: "plug it in; `edgevoice doctor sound` finds what is wrong with it",
    Problem.SESSION_LIMIT: "wake it again; `turn.session_s` is the longest conversation",
    Problem.DAILY_LIMIT: "`turn.minutes_per_day` here and `relay.limits` there bound a day",
}


def spoken_table() -> str:
    said = _sentences()
    lines = [(" ".join(said[problem.value]), HELPS[problem]) for problem in Problem]
    return table(("it says", "what helps"), lines)


def _sentences() -> dict[str, tuple[str, ...]]:
    """As scripts/make-sounds speaks them, without its voice."""
    for node in ast.parse(MAKER.read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="SENTENCES")], value=value):
                found: dict[str, tuple[str, ...]] = ast.literal_eval(value)
                return found
    raise LookupError(f"{MAKER} has no SENTENCES")
