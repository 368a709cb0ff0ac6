"""Every question and every turn has a reason, or the soak has failed."""

import pytest

from edgevoice.simulator.soak.ledger import (
    ANSWERED,
    CANCELLED,
    INTERRUPTED,
    LOST,
    NOTHING_SAID,
    UNEXPLAINED,
    Episode,
    Recovery,
    accounts,
    books,
    recoveries,
)


def turn(outcome: str, latency_s: float | None = None, first: int = 0, lost: int = 0):
    marks = (
        {} if latency_s is None else {"end of speech": 1.0, "first answer sample": 1 + latency_s}
    )
    return {"outcome": outcome, "marks": marks, "samples": {"first_sample": first, "lost": lost}}


def episode(*outcomes: str, asked: int = 1, fault: str = "", **others: int) -> Episode:
    turns = [turn(outcome) for outcome in outcomes]
    return Episode(1, "question", 0.0, fault, asked=asked, turns=turns, **others)


def fates(told: Episode) -> list[str]:
    return [account.fate for account in accounts(told)]


def test_a_question_and_its_answer():
    assert fates(episode("answered")) == [ANSWERED]


@pytest.mark.parametrize(
    "outcome", ["failed: no relay within 5 s", "no answer", "no speech", "interrupted", "cancelled"]
)
def test_trouble_without_a_fault_is_unexplained(outcome: str):
    assert fates(episode(outcome))[0] == UNEXPLAINED


@pytest.mark.parametrize(
    "outcome", ["failed: no relay within 5 s", "lost: the link is dead", "no answer", "no speech"]
)
def test_trouble_in_a_fault_was_said(outcome: str):
    assert fates(episode(outcome, fault="relay killed"))[0] == LOST


def test_a_question_that_became_no_turn():
    assert fates(episode()) == [UNEXPLAINED]
    assert fates(episode(fault="microphone lost")) == [LOST]
    assert fates(episode(dropped=3)) == [LOST]
    assert fates(episode("answered", asked=2)) == [ANSWERED, UNEXPLAINED]


def test_an_outcome_that_nobody_knows_is_unexplained_even_in_a_fault():
    assert fates(episode("superseded", fault="relay killed")) == [UNEXPLAINED]


def test_who_speaks_into_an_answer_interrupts_it():
    told = episode("interrupted", "answered", asked=2, interrupts=1)
    assert fates(told) == [INTERRUPTED, ANSWERED]


def test_who_says_stop_cancels():
    assert fates(episode("stopped", orders=1)) == [CANCELLED]
    assert fates(episode("muted", orders=1)) == [CANCELLED]


def test_waking_without_a_word():
    assert fates(episode("no speech", asked=0, unanswered=1)) == [NOTHING_SAID]
    assert fates(episode(asked=0)) == []


def test_a_silence_does_not_stand_for_a_question():
    assert fates(episode("no speech", unanswered=1)) == [NOTHING_SAID, UNEXPLAINED]


def test_the_books_of_a_run():
    told = books(
        [
            Episode(1, "question", 0.0, asked=1, turns=[turn("answered", 0.5, 100, 0)]),
            Episode(
                2, "follow-up", 0.0, asked=2,
                turns=[turn("answered", 0.7, 900, 40), turn("answered", 0.9, 900, 60)],
            ),
            Episode(3, "question", 0.0, "killed", asked=1, turns=[turn("failed: x", lost=320)]),
            Episode(4, "question", 0.0, asked=1),
        ]
    )  # fmt: skip
    assert told.fates == {ANSWERED: 3, LOST: 1, UNEXPLAINED: 1}
    assert [account.episode for account in told.unexplained] == [4]
    assert (told.p50_ms, told.p95_ms) == (700, 900)
    assert told.lost_samples == {"calm": 60, "fault": 320}, "counts run through a session"


def test_no_latency_where_nothing_was_answered():
    assert books([]).p50_ms is None


def test_recoveries_by_fault():
    found = [
        Recovery("relay killed", 4.0),
        Recovery("relay killed", 6.0),
        Recovery("link cut", 0.0),
        Recovery("hang", None),
    ]
    assert list(recoveries(found)) == [
        ("hang", 1, None, None),
        ("link cut", 1, 0.0, 0.0),
        ("relay killed", 2, 5.0, 6.0),
    ]
