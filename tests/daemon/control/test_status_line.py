"""What `systemctl status` shows its owner."""

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from edgevoice.audio.sample_clock import SampleClock
from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.daemon.control.status_line import StatusLine, doing_now
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.diary.waterfall import SampleCounts
from edgevoice.transceiver.actions import BeginTurn, EndTurn, Mark, Stage
from edgevoice.transceiver.indication import Facts
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    Input,
    LinkFailed,
    MicrophoneLost,
    MuteRequested,
)
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver

COUNTS = SampleCounts(0, 320, 320, 0, None, None)


class Shown:
    def __init__(self) -> None:
        self.lines: deque[str] = deque()
        self.time = datetime(2026, 11, 30, 16, 50, tzinfo=UTC)
        self.turns = TurnLog(SampleClock(), lambda: COUNTS)
        self.mind = Transceiver(
            TurnConfig(), ContextConfig(), LinkConfig(), (), wake_phrase_samples=0
        )
        self.line = StatusLine(
            self.lines.append, "none", self.turns, lambda: "http://relay", lambda: self.time
        )
        self.line.show(self.mind)

    def after(self, happened: Input, minutes: float = 0.0) -> str:
        self.time += timedelta(minutes=minutes)
        self.mind.handle(happened, self.time.timestamp())
        self.line.observe(happened, self.mind)
        return self.lines[-1]


def test_it_says_what_and_since_when_and_with_whom() -> None:
    assert Shown().lines[-1] == (
        "idle since 30 Nov 16:50 | board none, microphone ok, relay http://relay | no turn yet"
    )


def test_a_lack_comes_with_its_remedy() -> None:
    shown = Shown()
    assert shown.after(MuteRequested("control"), 1).startswith(
        "muted since 30 Nov 16:51 (`edgevoice unmute` opens the microphone) | board none,"
        " microphone closed"
    )
    shown = Shown()
    lost = shown.after(MicrophoneLost("gone"), 2)
    assert lost.startswith("microphone lost since 30 Nov 16:52 (look at its plug")


def test_a_relay_out_of_reach_says_why() -> None:
    shown = Shown()
    assert shown.after(ButtonPressed(0)).startswith("connecting since")
    assert "relay http://relay out of reach (" in shown.after(LinkFailed("no route"))


def test_the_last_turn_with_its_latency() -> None:
    shown = Shown()
    shown.turns.begin(BeginTurn("wake"))
    shown.turns.mark(Mark(Stage.SPEECH_END, now=10.0))
    shown.turns.mark(Mark(Stage.FIRST_ANSWER_SAMPLE, now=10.84))
    shown.turns.end(EndTurn("answered"))
    shown.line.show(shown.mind)
    assert shown.lines[-1].endswith("| last turn answered after 0.8 s, 30 Nov 16:50")
    shown.time += timedelta(hours=1)
    shown.line.show(shown.mind)
    assert len(shown.lines) == 2  # nothing new, nothing told


def test_a_note_comes_first_until_it_is_taken_off() -> None:
    shown = Shown()
    shown.line.note("reload refused", shown.mind)
    assert shown.lines[-1].startswith("reload refused | idle since")
    assert shown.after(ButtonPressed(0)).startswith("reload refused | connecting")
    shown.line.note("", shown.mind)
    assert shown.lines[-1].startswith("connecting")


@pytest.mark.parametrize(
    ("state", "facts", "doing"),
    [
        (State.SPEAKING, Facts(muted=True), "muted"),
        (State.IDLE, Facts(microphone_lost=True, ringing=True), "microphone lost"),
        (State.SPEAKING, Facts(ringing=True), "speaking"),
        (State.IDLE, Facts(ringing=True, speaker_lost=True), "timer ringing"),
        (State.IDLE, Facts(announcing=True), "announcing"),
        (State.IDLE, Facts(speaker_lost=True), "speaker lost"),
        (State.IDLE, Facts(offline=True), "idle"),
    ],
)
def test_what_comes_first(state: State, facts: Facts, doing: str) -> None:
    assert doing_now(state, facts) == doing
