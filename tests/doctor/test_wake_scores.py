"""Misses and false wakes by threshold, and what so little sound can say about them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import WakeWordConfig
from edgevoice.doctor.wake_scores import (
    THRESHOLDS,
    Row,
    detections,
    events_at_most,
    recommended,
    table,
    wilson,
)

WORD = WakeWordConfig()
HOUR = 45_000
"""Chunks of 80 ms."""


def said(score: float) -> list[float]:
    """A score that rises once and falls again."""
    return [0.0] * 10 + [score / 2, score, score, score / 3] + [0.0] * 10


def recommendation(utterances: list[list[float]], noise: list[list[float]]) -> Row:
    return recommended(table(WORD, utterances, noise, 2.0))


def test_a_score_counts_once_however_long_it_stays() -> None:
    assert detections(WORD, 0.5, said(0.9), 2.0) == 1
    assert detections(WORD, 0.5, said(0.4), 2.0) == 0
    assert detections(WORD, 0.5, said(0.9) + [0.0] * 30 + said(0.9), 2.0) == 2
    assert detections(WORD, 0.5, [*said(0.9)[:14], 0.0, 0.9, 0.0], 2.0) == 1, "refractory"


def test_so_many_scores_in_a_row_are_wanted_as_configured() -> None:
    strict = WakeWordConfig(consecutive=3)
    assert detections(strict, 0.5, said(0.9), 2.0) == 0
    assert detections(strict, 0.3, said(0.9), 2.0) == 1


def test_a_table() -> None:
    rows = {row.threshold: row for row in table(WORD, [said(0.9), said(0.3)], [[0.2] * HOUR], 2.0)}
    assert (rows[0.5].said, rows[0.5].missed, rows[0.5].false) == (2, 1, 0)
    assert rows[0.5].hours == pytest.approx(1)
    assert rows[0.5].false_per_hour_at_most == pytest.approx(3), "the rule of three"
    assert (rows[0.15].missed, rows[0.15].false) == (0, 1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10), st.lists(st.floats(0, 1), max_size=10))
def test_a_higher_threshold_misses_no_less_and_wakes_no_more(
    heights: list[float], noise: list[float]
) -> None:
    rows = table(WORD, [said(height) for height in heights], [said(n) for n in noise], 2.0)
    assert [row.threshold for row in rows] == list(THRESHOLDS)
    assert sorted(row.missed for row in rows) == [row.missed for row in rows]
    assert sorted((row.false for row in rows), reverse=True) == [row.false for row in rows]


def test_where_all_is_well_the_models_own_threshold_is_kept() -> None:
    assert recommendation([said(0.99)] * 10, [[0.01] * 750]).threshold == 0.5


def test_faint_voices_lower_it_but_a_minute_of_noise_not_below_the_least() -> None:
    assert recommendation([said(0.42)] * 10, [[0.01] * 750]).threshold == 0.4
    assert recommendation([said(0.12)] * 10, [[0.01] * 750]).threshold >= 0.3


def test_faint_voices_lower_it_as_far_as_half_an_hour_of_noise_allows() -> None:
    assert recommendation([said(0.12)] * 10, [[0.01] * (HOUR // 2)]).threshold == 0.1


def test_a_television_that_wakes_it_raises_it() -> None:
    noise = [0.0] * 1000 + said(0.7) + [0.0] * 500 + said(0.75) + [0.0] * 1000
    assert recommendation([said(0.99)] * 10, [noise]).threshold == 0.8


def test_without_noise_nothing_is_claimed_about_false_wakes() -> None:
    best = recommendation([said(0.99)] * 10, [])
    assert best.threshold == 0.5
    assert best.false_per_hour_at_most is None


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    # R: prop.test(events, trials, correct = FALSE)$conf.int
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)],
)
def test_wilsons_interval(events: int, trials: int, low: float, high: float) -> None:
    interval = wilson(events, trials)
    assert interval.low == pytest.approx(low, abs=5e-4)
    assert interval.high == pytest.approx(high, abs=5e-4)


def test_of_nothing_everything_is_possible() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize("events", [0, 1, 3, 10, 100])
def test_the_upper_limit_of_a_count_is_hardly_ever_exceeded(events: int) -> None:
    """Were the truth at the limit, so few events would be seen in one of twenty times."""
    limit = events_at_most(events)
    seen = np.random.default_rng(0).poisson(limit, 100_000)
    assert np.mean(seen <= events) == pytest.approx(0.05, abs=0.004)
