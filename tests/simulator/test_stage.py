"""What is asked of a whole run, and how losses of several sessions add up."""

from edgevoice.daemon.diary.waterfall import SampleCounts, TurnReport
from edgevoice.simulator.scenario import Requirements
from edgevoice.simulator.stage import Outcome, unmet
from edgevoice.simulator.witness import Answer, Sighting


def turn(number: int, first_sample: int, lost: int) -> TurnReport:
    counts = SampleCounts(first_sample, captured=1_000, sent=1_000 - lost, gaps=0, received=None,
                          lost_on_the_way=None)  # fmt: skip
    return TurnReport(number, "wake", "answered", (), counts)


def test_losses_are_counted_once_per_session() -> None:
    turns = [turn(1, 500, lost=10), turn(2, 500, lost=15), turn(3, 9_000, lost=3)]
    assert Outcome(turns=turns).lost_samples == 18


def test_requirements_that_do_not_hold_are_named() -> None:
    outcome = Outcome(turns=[turn(1, 0, lost=2)], answers=[Answer("a", "b", 0, 1)])
    assert unmet(Requirements(answers=1, lost_samples=2), outcome) == []
    failures = unmet(Requirements(answers=2, lost_samples=0), outcome)
    assert failures == ["2 answers wanted, 1 played", "at most 0 samples lost, not 2"]


def test_interruptions_and_wakes_are_counted() -> None:
    seen = [Sighting(1.0, "wake", "alexa"), Sighting(2.0, "interrupted", "relay")]
    outcome = Outcome(sightings=seen)
    assert unmet(Requirements(interruptions=1, wakes=1), outcome) == []
    failures = unmet(Requirements(interruptions=0, wakes=2), outcome)
    assert failures == ["0 interruptions wanted, 1 seen", "2 wakes wanted, 1 seen"]


def test_what_is_not_required_is_not_looked_at() -> None:
    assert unmet(Requirements(), Outcome(turns=[turn(1, 0, lost=999)])) == []
