"""From scores to "it was said", one score per 80 ms."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_rule import Heard, Miss, WakeRule
from edgevoice.config import WakeWordConfig


def hear(
    rule: WakeRule,
    *scores: float,
    second: dict[int, float] | None = None,
    deaf: tuple[int, ...] = (),
) -> list[tuple[int, Heard]]:
    """Chunks (from 0) in which the word was heard; `second`: the other engine's scores."""
    heard = []
    for n, score in enumerate(scores):
        end = (n + 1) * CHUNK_SAMPLES
        if said := rule.hear(score, (second or {}).get(n, 0.0), end, deaf=n in deaf):
            heard.append((n, said))
    return heard


def at(chunk: int, score: float) -> Heard:
    return Heard((chunk + 1) * CHUNK_SAMPLES, score)


PAUSE = [0.0] * 10

PLAIN = WakeWordConfig("alexa", threshold=0.5)
THRICE = WakeWordConfig("alexa", threshold=0.5, consecutive=3)
CONFIRMED = WakeWordConfig("alexa", threshold=0.1, confirm="microwakeword")


def test_only_the_rise_of_a_score_is_heard() -> None:
    rule = WakeRule(PLAIN)
    assert hear(rule, 0.1, 0.6, 0.9, 0.9, 0.2, 0.7) == [(1, at(1, 0.6)), (5, at(5, 0.7))]


def test_the_row_begins_anew_when_it_is_broken() -> None:
    assert hear(WakeRule(THRICE), 0.9, 0.9, 0.2, 0.9, 0.9, 0.8, 0.9) == [(5, at(5, 0.8))]


def test_what_rises_while_deaf_is_never_heard() -> None:
    assert hear(WakeRule(PLAIN), 0.0, 0.9, 0.9, 0.9, 0.9, 0.0, deaf=(0, 1, 2)) == []


def test_the_second_engine_may_have_been_sure_before() -> None:
    rule = WakeRule(CONFIRMED)
    assert hear(rule, 0.0, 0.0, 0.0, 0.3, 0.0, second={1: 0.8}) == [(3, at(3, 0.3))]


def test_the_second_engine_may_take_longer_and_the_place_is_that_of_the_first() -> None:
    rule = WakeRule(CONFIRMED)
    assert hear(rule, 0.0, 0.3, 0.0, 0.0, 0.0, second={4: 0.8}) == [(4, at(1, 0.3))]


def test_as_long_as_the_first_is_sure_the_second_may_take_its_time() -> None:
    rule = WakeRule(CONFIRMED)
    assert hear(rule, *[0.9] * 20, second={14: 0.8}) == [(14, at(0, 0.9))]


def test_without_the_second_engine_it_was_not_said() -> None:
    assert hear(WakeRule(CONFIRMED), 0.0, 0.9, 0.9, 0.0, 0.0, second={2: 0.4}) == []


def test_agreement_after_more_than_half_a_second_is_chance() -> None:
    scores = [0.0, 0.9, *[0.0] * 12]
    assert hear(WakeRule(CONFIRMED), *scores, second={9: 0.9}) == []
    assert hear(WakeRule(CONFIRMED), *[0.0] * 10, 0.9, 0.0, second={1: 0.9}) == []


def test_a_rise_that_comes_to_nothing_is_a_near_miss_once() -> None:
    rule = WakeRule(PLAIN)
    hear(rule, 0.1, 0.3, 0.45, 0.1, 0.3, *PAUSE, 0.26, *PAUSE, 0.2, *PAUSE)
    assert rule.near_misses == 2


def test_a_word_that_was_heard_is_no_near_miss_nor_is_its_echo_while_deaf() -> None:
    rule = WakeRule(PLAIN)
    assert len(hear(rule, 0.3, 0.9, 0.3, 0.0, 0.3, *PAUSE, deaf=(3, 4, 5))) == 1
    assert rule.near_misses == 0


def test_a_row_too_short_is_a_near_miss() -> None:
    rule = WakeRule(THRICE)
    assert hear(rule, 0.0, 0.9, 0.9, *PAUSE) == []
    assert rule.near_misses == 1


def test_what_the_second_engine_refuses_is_a_near_miss_and_what_it_grants_late_is_none() -> None:
    refused, granted = WakeRule(CONFIRMED), WakeRule(CONFIRMED)
    hear(refused, 0.3, *PAUSE)
    assert len(hear(granted, 0.3, *PAUSE, second={7: 0.9})) == 1
    assert (refused.near_misses, granted.near_misses) == (1, 0)


def test_a_reset_forgets_the_row_and_keeps_the_count() -> None:
    rule = WakeRule(THRICE)
    hear(rule, 0.3, *PAUSE, 0.9, 0.9)
    rule.reset()
    assert hear(rule, 0.9, 0.9) == []
    assert rule.near_misses == 1


@given(st.lists(st.floats(0, 1), max_size=100), st.integers(1, 4))
def test_it_is_heard_as_often_as_scores_stay_up(scores: list[float], consecutive: int) -> None:
    rule = WakeRule(WakeWordConfig("alexa", threshold=0.5, consecutive=consecutive))
    marks = "".join("x" if score >= 0.5 else " " for score in scores)
    runs = [run for run in marks.split() if len(run) >= consecutive]
    assert len(hear(rule, *scores)) == len(runs)


def misses(rule: WakeRule, *scores: float, deaf: tuple[int, ...] = ()) -> list[Miss]:
    found = []
    for n, score in enumerate(scores):
        rule.hear(score, 0.0, (n + 1) * CHUNK_SAMPLES, deaf=n in deaf)
        found += [rule.missed] if rule.missed else []
    return found


def test_a_rise_that_came_to_nothing_is_told_when_it_is_over() -> None:
    assert misses(WakeRule(PLAIN), 0.3, 0.42, 0.3, *PAUSE) == [Miss("alexa", 0.42, 0.5, "below")]
    assert misses(WakeRule(PLAIN), 0.2, *PAUSE) == []
    assert misses(WakeRule(PLAIN), 0.3, 0.9, *PAUSE) == []


def test_why_it_came_to_nothing_is_told() -> None:
    assert misses(WakeRule(THRICE), 0.9, 0.9, *PAUSE) == [Miss("alexa", 0.9, 0.5, "unconfirmed")]
    assert misses(WakeRule(CONFIRMED), 0.9, *PAUSE) == [Miss("alexa", 0.9, 0.1, "unconfirmed")]


def test_what_is_said_too_soon_is_told_and_not_counted() -> None:
    rule = WakeRule(PLAIN)
    assert misses(rule, 0.9, *PAUSE, deaf=(0,)) == [Miss("alexa", 0.9, 0.5, "refractory")]
    assert misses(rule, 0.4, *PAUSE, deaf=(0,)) == []
    assert rule.near_misses == 0
