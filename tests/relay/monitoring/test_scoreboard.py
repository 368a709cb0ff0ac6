"""What the live page shows, and that it does not grow."""

from datetime import date

from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.scoreboard import (
    CALLERS_KEPT,
    LAGS_KEPT,
    MOST_CODES,
    TURNS_KEPT,
    Scoreboard,
    Sums,
)
from tests.relay.monitoring.house import began, billed, paced, turn


class Board:
    def __init__(self) -> None:
        self.today = date(2026, 11, 30)
        self.board = Scoreboard(lambda: self.today)
        self.now = 1000.0

    def see(self, *happened: facts.Fact, after_s: float = 0.0) -> None:
        self.now += after_s
        for fact in happened:
            self.board.see(fact, self.now)

    @property
    def shown(self):
        return self.board.snapshot(self.now)


def test_a_session_from_beginning_to_end():
    board = Board()
    board.see(began(), turn(), billed(cost_usd=0.25))
    board.see(after_s=90)
    (session,) = board.shown["sessions"]
    assert (session["caller"], session["state"], session["age_s"]) == ("kitchen", "live", 90.0)
    assert (session["turns"], session["tokens"], session["cost_usd"]) == (1, 150, 0.25)
    assert board.shown["today"]["minutes"] == 1.5
    board.see(facts.SessionEnded("rtc_1", "the client hung up"), after_s=30)
    assert board.shown["sessions"] == []
    assert board.shown["callers"] == [
        {
            "caller": "kitchen",
            "minutes": 2.0,
            "sessions": 1,
            "turns": 1,
            "tokens": 150,
            "cost_usd": 0.25,
        }
    ]


def test_standby_costs_no_minutes_until_somebody_wakes_it():
    board = Board()
    board.see(began(standby=True))
    board.see(facts.SessionWoken("rtc_1"), after_s=600)
    board.see(after_s=60)
    assert board.shown["sessions"][0]["state"] == "live"
    assert board.shown["today"]["minutes"] == 1.0


def test_held_and_resumed():
    board = Board()
    board.see(began(), facts.SessionHeld("rtc_1", "the connection broke off"))
    assert board.shown["sessions"][0]["state"] == "held"
    board.see(facts.SessionResumed("rtc_1", 2.0))
    assert board.shown["sessions"][0]["state"] == "live"


def test_a_standby_that_breaks_off_costs_no_minutes_either():
    board = Board()
    board.see(began(standby=True), facts.SessionHeld("rtc_1", "the connection broke off"))
    board.see(after_s=60)
    assert board.shown["sessions"][0]["state"] == "held"
    board.see(facts.SessionResumed("rtc_1", 2.0, standby=True))
    assert board.shown["sessions"][0]["state"] == "standby"
    assert board.shown["today"]["minutes"] == 0.0


def test_another_engine_goes_on():
    board = Board()
    board.see(began(engine="openai"), facts.EngineChanged("rtc_1", "local"))
    assert board.shown["sessions"][0]["engine"] == "local"


def test_a_turn_as_it_is_drawn():
    board = Board()
    board.see(began(), turn(ms=(0, 120, 130, 480)))
    board.see(turn(number=2), after_s=5)
    newest, first = board.shown["turns"]
    assert (newest["number"], newest["ago_s"], first["ago_s"]) == (2, 0.0, 5.0)
    assert first["marks"] == [
        ["speech_stopped", 0.0],
        ["transcript_ready", 0.12],
        ["response_created", 0.13],
        ["first_audio_made", 0.48],
    ]


def test_a_new_day_begins_with_what_is_live():
    board = Board()
    board.see(began(), turn(), facts.Refused(401, "invalid_api_key"))
    board.today = date(2026, 12, 1)
    board.see(after_s=3600)
    board.see(after_s=60)
    shown = board.shown
    assert (shown["day"], shown["today"]["turns"], shown["refusals"]) == ("2026-12-01", 0, {})
    assert len(shown["sessions"]) == 1
    assert shown["turns"], "the last turns are those of yesterday"


def test_minutes_of_yesterday_are_not_counted_today():
    board = Board()
    board.see(began())
    board.today = date(2026, 12, 1)
    board.see(facts.LoopLagged(0.0), after_s=3600)
    board.see(after_s=60)
    assert board.shown["today"]["minutes"] == 1.0


def test_whatever_is_published_little_is_kept():
    board = Board()
    for number in range(1000):
        call_id = f"rtc_{number}"
        board.see(
            began(call_id, f"caller {number}"),
            turn(call_id),
            facts.Refused(400, f"code {number}"),
            facts.SessionEnded(call_id, ""),
        )
    shown = board.shown
    assert len(shown["turns"]) == TURNS_KEPT
    assert len(shown["callers"]) == CALLERS_KEPT + 1
    assert len(shown["refusals"]) == MOST_CODES + 1
    assert shown["today"]["turns"] == sum(shown["refusals"].values()) == 1000


def test_how_busy_the_machine_is():
    board = Board()
    assert board.shown["pacing_lag_ms"] is None
    board.see(facts.LoopLagged(0.25), paced())
    board.see(*[facts.LoopLagged(0.001)] * (LAGS_KEPT - 1))
    assert (board.shown["loop_lag_ms"], board.shown["pacing_lag_ms"]) == (250.0, 1.0)
    board.see(facts.LoopLagged(0.001))
    assert board.shown["loop_lag_ms"] == 1.0


def test_what_was_used_before_the_relay_was_started():
    board = Board()
    board.board.remember({"kitchen": Sums(60.0, 1, 2, 300, 0.25)})
    board.see(began(), turn(), after_s=0)
    board.see(after_s=60)
    (kitchen,) = board.shown["callers"]
    assert (kitchen["minutes"], kitchen["sessions"], kitchen["turns"]) == (2.0, 2, 3)
    assert board.shown["today"]["cost_usd"] == 0.25


def test_facts_of_a_session_that_is_over_are_no_trouble():
    board = Board()
    board.see(turn(), billed(), facts.SessionHeld("rtc_1", ""), facts.SessionEnded("rtc_1", ""))
    assert board.shown["sessions"] == board.shown["turns"] == []
