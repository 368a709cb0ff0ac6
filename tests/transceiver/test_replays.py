"""Bugs that were real, played again: the record shows each of them, today's code none.

What is asked of today's transceiver is asked of the recorded actions as well, which
must fail: they were done by the code that had the bug. See `replays/README.md`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edgevoice.transceiver.flight_record import read
from edgevoice.transceiver.inputs import (
    Input,
    LinkOpened,
    PlayoutDrained,
    PlayoutStarted,
    SpeechStopped,
    ToolFinished,
)
from edgevoice.transceiver.replay import replay

LATE = (ToolFinished, PlayoutStarted, PlayoutDrained)
FOLDER = Path(__file__).with_name("replays")


@dataclass(frozen=True)
class Did:
    """What was decided in one step, then or now."""

    now: float
    happened: Input
    actions: list[dict[str, Any]]
    state: str

    def sent(self, kind: str) -> bool:
        """Whether an event of that type was."""
        events = [a["event"] for a in self.actions if a["type"] == "SendEvent"]
        return any(event["type"] == kind for event in events)


def played(name: str) -> tuple[list[Did], list[Did]]:
    """Then, and now."""
    _, entries = read((FOLDER / f"{name}.jsonl").read_text().split("\n"))
    steps = list(replay(entries))
    assert all(step.is_same is not None and not step.broken for step in steps)

    def did(state: str, actions: tuple[str, ...], index: int) -> Did:
        recorded = steps[index].recorded
        return Did(recorded.now, recorded.happened, [json.loads(a) for a in actions], state)

    then = [did(s.recorded.state, s.recorded.actions, n) for n, s in enumerate(steps)]
    return then, [did(s.state, s.actions, n) for n, s in enumerate(steps)]


def nobody_listens_without_a_link(steps: list[Did]) -> bool:
    """Each link is made something of, and what is left of the session before of nothing."""
    is_linked = False
    for before, step in pairwise(steps):
        is_linked = step.state != "idle" and (is_linked or isinstance(step.happened, LinkOpened))
        if step.state not in ("idle", "connecting") and not is_linked:
            return False
        if isinstance(step.happened, LinkOpened) and before.state != "connecting":
            return False
        if isinstance(step.happened, LATE) and before.state == "connecting" and step.actions:
            return False
    return True


def what_was_heard_is_kept_when_an_answer_ends(steps: list[Did]) -> bool:
    (end,) = [step for step in steps if isinstance(step.happened, PlayoutDrained)]
    return end.sent("session.update") and not end.sent("input_audio_buffer.clear")


def a_finished_question_is_handed_over(steps: list[Did]) -> bool:
    """Within ten seconds, whatever the server says or does not."""
    (asked,) = [step.now for step in steps if isinstance(step.happened, SpeechStopped)]
    commits = [s.now for s in steps if any(a["type"] == "CommitAppended" for a in s.actions)]
    return bool(commits) and commits[0] - asked < 10.0


HOLDS: dict[str, Callable[[list[Did]], bool]] = {
    "late_tool_begins_a_session": nobody_listens_without_a_link,
    "word_at_the_end_of_an_answer": what_was_heard_is_kept_when_an_answer_ends,
    "first_turn_never_handed_over": a_finished_question_is_handed_over,
}


@pytest.mark.parametrize("name", HOLDS)
def test_a_bug_that_was_mended_does_not_come_back(name: str) -> None:
    then, now = played(name)
    assert not HOLDS[name](then), "the record does not show the bug"
    assert HOLDS[name](now)


def test_no_record_is_left_out() -> None:
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == set(HOLDS)
