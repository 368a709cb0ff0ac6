"""Timers and alarms together, over restarts, power cuts and clocks that are set."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import ToolError
from edgevoice.tools.alarm_clock import LOOK_S, AlarmClock, Moment
from edgevoice.tools.alarms import Alarm
from edgevoice.tools.weekdays import EVERY_DAY

START = 1_804_000_000.0 - 1_804_000_000.0 % 86_400
"""A midnight in UTC."""
HOUR = 3_600.0


class Board:
    """A board whose true time, own clock and power are in the hands of a story."""

    def __init__(self) -> None:
        self.true = START
        self.ahead = 0.0
        self.booted = START - 1_000.0
        self.boots = 1
        self.synchronised: bool | None = None
        self.disk = "{}"
        self.rung: list[tuple[str, float]] = []
        self.clock = AlarmClock()
        self.stride_s = 0.0
        """A busy board may look late."""

    @property
    def at(self) -> Moment:
        wall = self.true + self.ahead
        return Moment(self.true - self.booted, wall, UTC, self.synchronised, str(self.boots))

    def keep(self) -> None:
        self.disk = json.dumps(self.clock.saved(self.at))
        self.clock.changed = False

    def tick(self) -> None:
        self.rung += [(rung.label, self.true) for rung in self.clock.tick(self.at)]
        if self.clock.changed:
            self.keep()

    def passes(self, seconds: float) -> None:
        """The way a keeper does it: looking whenever it is told to."""
        until = self.true + seconds
        while (look := self.clock.next_look(self.at)) is not None:
            look = max(look + self.booted, self.true + self.stride_s)
            if look > until:
                break
            self.true = max(self.true, look)
            self.tick()
        self.true = until
        self.tick()

    def set_alarm(self, hour: int, label: str = "up", days: frozenset[int] = frozenset()) -> None:
        self.clock.set_alarm(Alarm(label, hour, 0, days), self.at)
        self.keep()

    def set_timer(self, seconds: float, label: str = "pasta") -> None:
        self.clock.timers.set(seconds, label, self.at.now)
        self.keep()

    def restarts(self, away_s: float = 0.0, *, boot: bool = False, ahead: float = 0.0) -> None:
        self.true += away_s
        if boot:
            self.boots += 1
            self.booted = self.true
            self.ahead = ahead
        self.clock = AlarmClock()
        self.clock.restore(json.loads(self.disk), self.at)
        self.tick()

    @property
    def missed(self) -> list[str]:
        return [rung.label for rung in self.clock.rings.missed]


@pytest.fixture
def board() -> Board:
    board = Board()
    board.tick()
    return board


def test_timers_and_alarms_ring_on_time(board: Board) -> None:
    board.set_timer(300)
    board.set_alarm(7)
    board.passes(8 * HOUR)
    assert board.rung == [("pasta", START + 300), ("up", START + 7 * HOUR)]


def test_nothing_set_is_nothing_to_look_at(board: Board) -> None:
    assert board.clock.next_look(board.at) is None
    board.set_alarm(7)
    assert board.clock.next_look(board.at) == board.at.now + LOOK_S


def test_in_1970_no_alarm_rings_and_none_is_lost(board: Board) -> None:
    board.set_alarm(7)
    board.passes(6 * HOUR)
    board.restarts(600, boot=True, ahead=-START - 6 * HOUR)
    board.passes(120)
    assert board.rung == []
    board.ahead = 0.0  # the network has come
    board.passes(HOUR)
    assert board.rung == [("up", START + 7 * HOUR)]


def test_an_alarm_set_in_1970_rings_when_it_is_next_that_late(board: Board) -> None:
    board.restarts(boot=True, ahead=-START)
    board.set_alarm(7)
    board.passes(60)
    board.ahead = 0.0
    board.passes(8 * HOUR)
    assert board.rung == [("up", START + 7 * HOUR)]


def test_tomorrow_needs_a_calendar(board: Board) -> None:
    board.restarts(boot=True, ahead=-START)
    with pytest.raises(ToolError, match="does not know the date"):
        board.clock.set_alarm(Alarm("up", 7, 0), board.at, day="tomorrow")


def test_tomorrow_is_not_today(board: Board) -> None:
    board.clock.set_alarm(Alarm("up", 7, 0), board.at, day="tomorrow")
    board.passes(32 * HOUR)
    assert board.rung == [("up", START + 31 * HOUR)]


def test_a_clock_that_the_network_has_not_set_is_waited_for(board: Board) -> None:
    """It begins where the board was switched off: 7:00 by it is an hour ago."""
    board.set_alarm(7, days=EVERY_DAY)
    board.passes(7 * HOUR)
    board.clock.silence(False, board.at)
    board.keep()
    board.synchronised = False
    board.restarts(HOUR, boot=True, ahead=-1.5 * HOUR)
    board.passes(60)
    board.ahead, board.synchronised = 0.0, True
    board.passes(HOUR)
    assert board.rung == [("up", START + 7 * HOUR)], "not a second time"


def test_what_rings_late_says_by_how_much(board: Board) -> None:
    board.set_alarm(7)
    board.restarts(7.5 * HOUR, boot=True)
    assert board.rung == [("up", START + 7.5 * HOUR)]
    assert board.clock.rings.ringing[0].late_s == 0.5 * HOUR


def test_what_is_too_late_was_missed(board: Board) -> None:
    board.set_alarm(7)
    board.set_timer(300)
    board.restarts(9 * HOUR, boot=True)
    assert board.rung == []
    assert sorted(board.missed) == ["pasta", "up"]
    board.restarts()
    assert len(board.missed) == 2, "it is told once somebody listens"
    board.clock.rings.told()
    assert board.missed == []


def test_what_rang_at_a_power_cut_rings_again(board: Board) -> None:
    board.set_timer(300)
    board.passes(310)
    board.restarts(60, boot=True)
    assert [label for label, _ in board.rung] == ["pasta", "pasta"]


def test_but_not_when_that_is_long_ago(board: Board) -> None:
    board.set_timer(300)
    board.passes(310)
    board.restarts(HOUR, boot=True)
    assert [label for label, _ in board.rung] == ["pasta"]
    assert board.missed == ["pasta"]


def test_what_was_stopped_does_not_ring_again(board: Board) -> None:
    board.set_timer(300)
    board.passes(310)
    assert board.clock.silence(False, board.at)
    board.keep()
    board.restarts(60, boot=True)
    assert [label for label, _ in board.rung] == ["pasta"]
    assert not board.clock.silence(False, board.at), "nothing rings"


def test_snoozing_what_rings_or_was_just_stopped(board: Board) -> None:
    board.set_alarm(7, days=EVERY_DAY)
    board.passes(7 * HOUR)
    board.clock.silence(False, board.at)
    assert [timer.label for timer in board.clock.snooze(9, board.at)] == ["up"]
    board.keep()
    board.restarts(60)
    board.passes(HOUR)
    assert board.rung == [("up", START + 7 * HOUR), ("up", START + 7 * HOUR + 540)]
    assert board.clock.rings.ringing[0].kind == "alarm"


def test_nothing_to_snooze(board: Board) -> None:
    with pytest.raises(ToolError, match="nothing is ringing"):
        board.clock.snooze(9, board.at)
    board.set_timer(300)
    board.passes(300)
    board.clock.silence(False, board.at)
    board.passes(HOUR)
    with pytest.raises(ToolError, match="nothing is ringing"):
        board.clock.snooze(9, board.at)


def test_nobody_came(board: Board) -> None:
    board.set_timer(300)
    board.passes(300)
    board.clock.silence(True, board.at)
    assert board.missed == ["pasta"]
    assert board.clock.rings.ringing == []


def test_cancelling_by_kind(board: Board) -> None:
    board.set_timer(300, "tea")
    board.set_alarm(7, "up")
    with pytest.raises(ToolError, match="no timer of that name, only: tea"):
        board.clock.cancel("up", ("timer",))
    assert board.clock.cancel(None, ("alarm",)) == "up"
    assert board.clock.cancel(None, ("timer",)) == "tea"
    with pytest.raises(ToolError, match="no alarm is set"):
        board.clock.cancel(None, ("alarm",))


def test_a_snoozed_alarm_is_an_alarm(board: Board) -> None:
    board.set_alarm(7, days=EVERY_DAY)
    board.passes(7 * HOUR)
    board.clock.snooze(9, board.at)
    board.set_timer(300, "tea")
    assert board.clock.cancel_all(("alarm",)) == ["up", "up"]
    assert board.clock.cancel_all(("timer",)) == ["tea"]


what_happens = st.lists(
    st.one_of(
        st.tuples(st.just("timer"), st.integers(1, 5_000)),
        st.tuples(st.just("alarm"), st.integers(0, 23)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("pass"), st.integers(1, 8_000)),
        st.tuples(st.just("restart"), st.integers(0, 800)),
        st.tuples(st.just("boot"), st.integers(0, 800)),
        st.tuples(st.just("jump"), st.integers(-3_000, 3_000)),
        st.tuples(st.just("boot in 1970"), st.integers(0, 800)),
    ),
    max_size=25,
)


@given(what_happens)
def test_nothing_is_lost_and_nothing_doubled_whatever_happens(
    story: list[tuple[str, int]],
) -> None:
    """Away for less than what may ring late, and clocks set by less than an hour."""
    board, wanted, names = Board(), Counter[str](), iter(range(100))
    board.stride_s = 300.0
    board.tick()
    for what, number in story:
        match what:
            case "timer":
                board.set_timer(number, label := f"t{next(names)}")
                wanted[label] += 1
            case "alarm":
                board.set_alarm(number, label := f"a{next(names)}")
                wanted[label] += 1
            case "cancel":
                pending = [t.label for t in board.clock.timers.pending]
                if pending:
                    gone = board.clock.cancel(pending[number % len(pending)], ("timer",))
                    del wanted[gone]
                    board.keep()
            case "pass":
                board.passes(number)
            case "restart" | "boot":
                board.restarts(number, boot=what == "boot", ahead=board.ahead)
            case "jump":
                board.ahead = number
                board.tick()
            case "boot in 1970":
                before = board.ahead
                board.restarts(number, boot=True, ahead=-board.true)
                board.passes(40)
                board.ahead = before
                board.tick()
        board.clock.silence(False, board.at)
        board.keep()
    board.ahead = 0.0
    board.passes(26 * HOUR)
    assert Counter(label for label, _ in board.rung) == wanted
    assert board.missed == []


@given(what_happens)
def test_no_timer_rings_early_whatever_happens(story: list[tuple[str, int]]) -> None:
    board, due, names = Board(), dict[str, float](), iter(range(100))
    board.tick()
    for what, number in story:
        match what:
            case "timer":
                board.set_timer(number, label := f"t{next(names)}")
                due[label] = board.true + number
            case "pass":
                board.passes(number)
            case "restart" | "boot" | "boot in 1970":
                ahead = -board.true if what == "boot in 1970" else 0.0
                board.restarts(number * 10, boot=what != "restart", ahead=ahead)
                board.ahead = 0.0
                board.tick()
        board.clock.silence(False, board.at)
        board.keep()
    assert all(when >= due[label] - 1e-3 for label, when in board.rung)


def test_a_state_of_before_there_were_alarms_is_read() -> None:
    board = Board()
    old = {"timers": [{"label": "pasta", "seconds": 300, "due_at": START + 100}]}
    board.disk = json.dumps(old)
    board.restarts()
    board.passes(200)
    assert board.rung == [("pasta", pytest.approx(START + 100))]


def test_rubbish_on_the_disk_is_nothing_set() -> None:
    board = Board()
    board.disk = json.dumps({"timers": 3, "alarms": "x", "ringing": [None, {}], "missed": {}})
    board.restarts()
    assert board.clock.next_look(board.at) is None
    assert replace(board.at).boot == "1"
