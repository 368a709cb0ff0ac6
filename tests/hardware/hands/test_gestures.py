"""Little stories of fingers, and what holds for any sequence of levels."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import ButtonConfig
from edgevoice.hardware.hands.gestures import GESTURES, Gestures, Touch, Touched

PLAIN = ButtonConfig(double="none", triple="none", long="none", very_long="none")
USUAL = ButtonConfig()
THRICE = replace(USUAL, triple="forget")
VERY_LONG = replace(USUAL, very_long="forget")
EVERYTHING = replace(THRICE, very_long="forget")

Edges = list[tuple[float, bool]]


def presses(*times: float, length: float = 0.1) -> Edges:
    """Each begins then and lasts so long."""
    return [edge for at in times for edge in ((at, True), (at + length, False))]


def told(config: ButtonConfig, edges: Edges, until: float = 100.0) -> list[tuple[float, Touched]]:
    """With the moment when it was told, as a loop would that calls at every deadline."""
    gestures = Gestures(config)
    story: list[tuple[float, Touched]] = []

    def run_to(moment: float) -> None:
        while gestures.deadline is not None and gestures.deadline <= moment:
            now = gestures.deadline
            story.extend((round(now, 6), each) for each in gestures.passed(now))

    for at, pressed in edges:
        run_to(at)
        story.extend((at, each) for each in gestures.feed(pressed, at))
    run_to(until)
    return story


def touches(config: ButtonConfig, edges: Edges) -> list[Touch]:
    return [each.touch for _, each in told(config, edges)]


def moments(config: ButtonConfig, edges: Edges) -> list[tuple[float, Touch]]:
    return [(now, each.touch) for now, each in told(config, edges)]


def test_a_press_is_told_on_the_way_down_and_is_single_when_no_other_follows() -> None:
    assert moments(USUAL, presses(1.0)) == [(1.03, Touch.DOWN), (1.48, Touch.SINGLE)]


def test_with_one_meaning_only_it_is_single_at_once() -> None:
    assert moments(PLAIN, presses(1.0)) == [(1.03, Touch.DOWN), (1.03, Touch.SINGLE)]


def test_with_one_meaning_only_two_quick_presses_are_two() -> None:
    assert touches(PLAIN, presses(1.0, 1.2)).count(Touch.SINGLE) == 2


def test_the_time_told_is_that_of_the_contact() -> None:
    assert [each.at for _, each in told(USUAL, presses(1.0))] == [1.0, 1.0]


def test_a_double_press_is_told_at_the_second_when_no_third_means_anything() -> None:
    assert moments(USUAL, presses(1.0, 1.3)) == [(1.03, Touch.DOWN), (1.33, Touch.DOUBLE)]


def test_a_double_press_waits_for_a_third_that_would_mean_something() -> None:
    assert moments(THRICE, presses(1.0, 1.3)) == [(1.03, Touch.DOWN), (1.78, Touch.DOUBLE)]


def test_three_presses_are_a_triple_one() -> None:
    story = moments(THRICE, presses(1.0, 1.3, 1.6))
    assert story == [(1.03, Touch.DOWN), (1.63, Touch.TRIPLE)]


@pytest.mark.parametrize(("gap_s", "gesture"), [(0.34, Touch.DOUBLE), (0.36, Touch.SINGLE)])
def test_a_longer_gap_makes_it_two_acts(gap_s: float, gesture: Touch) -> None:
    assert touches(USUAL, presses(1.0, 1.1 + gap_s))[1] is gesture


def test_presses_after_the_gesture_mean_nothing_until_there_is_a_pause() -> None:
    furious = presses(*(1.0 + 0.2 * n for n in range(9)))
    assert touches(USUAL, furious) == [Touch.DOWN, Touch.DOUBLE]
    assert touches(USUAL, [*furious, *presses(5.0)])[2:] == [Touch.DOWN, Touch.SINGLE]


@pytest.mark.parametrize(
    ("length", "gesture"), [(0.99, Touch.SINGLE), (1.01, Touch.LONG), (5.0, Touch.LONG)]
)
def test_a_long_press_is_held_for_a_second(length: float, gesture: Touch) -> None:
    assert touches(USUAL, presses(1.0, length=length)) == [Touch.DOWN, gesture]


def test_a_long_press_does_not_wait_for_the_release() -> None:
    assert moments(USUAL, presses(1.0, length=5.0))[1] == (2.03, Touch.LONG)


def test_where_a_very_long_one_may_follow_a_long_press_is_told_at_its_release() -> None:
    story = moments(VERY_LONG, presses(1.0, length=3.0))
    assert story == [(1.03, Touch.DOWN), (2.03, Touch.HELD), (4.03, Touch.LONG)]


def test_a_very_long_press_warns_before_it_acts() -> None:
    story = moments(VERY_LONG, presses(1.0, length=12.0))
    assert story[2:] == [(8.03, Touch.WARNING), (11.03, Touch.VERY_LONG)]


def test_who_lets_go_when_warned_wanted_nothing() -> None:
    story = moments(VERY_LONG, presses(1.0, length=9.0))
    assert story[2:] == [(8.03, Touch.WARNING), (10.03, Touch.LET_GO)]


def test_the_second_press_of_two_may_be_held_and_is_still_the_second() -> None:
    edges = [*presses(1.0), *presses(1.3, length=4.0)]
    assert touches(THRICE, edges) == [Touch.DOWN, Touch.DOUBLE]


def test_without_a_meaning_for_long_it_is_a_press() -> None:
    config = replace(USUAL, long="none")
    assert touches(config, presses(1.0, length=5.0)) == [Touch.DOWN, Touch.SINGLE]


def test_held_for_good_it_is_stuck_and_its_release_means_nothing() -> None:
    config = replace(VERY_LONG, very_long="none", long="none")
    assert touches(config, presses(1.0, length=60.0)) == [Touch.DOWN, Touch.STUCK]


def test_held_at_start_it_means_nothing_until_it_is_pressed_anew() -> None:
    gestures = Gestures(EVERYTHING)
    gestures.begin(True)
    assert gestures.stuck
    assert gestures.deadline is None
    assert gestures.feed(False, 50.0) == []
    assert gestures.passed(60.0) == []
    gestures.feed(True, 60.0)
    assert [each.touch for each in gestures.passed(60.03)] == [Touch.DOWN]


def test_a_busy_loop_that_gets_all_edges_at_once_tells_the_same() -> None:
    for edges in (presses(1.0, 1.3), presses(1.0, length=1.5), presses(1.0, 2.0, 2.2)):
        gestures = Gestures(USUAL)
        late = [each for at, pressed in edges for each in gestures.feed(pressed, at)]
        late += gestures.passed(100.0)
        assert late == [each for _, each in told(USUAL, edges)]


def test_bounce_within_a_press_is_no_second_press() -> None:
    edges: Edges = [(1.0, True), (1.005, False), (1.01, True)]
    edges += [(1.4, False), (1.402, True), (1.41, False)]
    assert touches(USUAL, edges) == [Touch.DOWN, Touch.SINGLE]


levels = st.lists(st.floats(0.001, 3.0) | st.floats(0.02, 0.4) | st.floats(8.0, 25.0), max_size=30)
configs = st.sampled_from([PLAIN, USUAL, THRICE, VERY_LONG, EVERYTHING])


def alternating(lengths: list[float]) -> Edges:
    edges, now = [], 1.0
    for number, length in enumerate(lengths):
        edges.append((now, number % 2 == 0))
        now += length
    return [*edges, (now, False)]


@given(configs, levels)
def test_an_act_comes_to_one_gesture_at_most(config: ButtonConfig, lengths: list[float]) -> None:
    gesture_seen = True
    for touch in touches_of(config, lengths):
        if touch is Touch.DOWN:
            gesture_seen = False
        elif touch in GESTURES:
            assert not gesture_seen
            gesture_seen = True


@given(configs, levels)
def test_an_act_comes_to_something(config: ButtonConfig, lengths: list[float]) -> None:
    ends = GESTURES | {Touch.STUCK, Touch.LET_GO}
    story = touches_of(config, lengths)
    assert (Touch.DOWN, Touch.DOWN) not in pairwise(story)
    assert not story or story[-1] in ends


@given(configs, levels)
def test_a_stuck_button_acts_no_more(config: ButtonConfig, lengths: list[float]) -> None:
    story = touches_of(config, lengths)
    for touch, later in pairwise(story):
        assert touch is not Touch.STUCK or later not in GESTURES


@given(configs, st.lists(st.floats(0.0001, 0.0299), min_size=1, max_size=60))
def test_bounce_alone_is_nothing(config: ButtonConfig, lengths: list[float]) -> None:
    assert touches_of(config, lengths) == []


@given(configs, levels)
def test_every_warning_is_taken_back_or_comes_true(
    config: ButtonConfig, lengths: list[float]
) -> None:
    story = touches_of(config, lengths)
    for touch, later in pairwise(story):
        if touch is Touch.WARNING:
            assert later in (Touch.LET_GO, Touch.VERY_LONG, Touch.STUCK)


def touches_of(config: ButtonConfig, lengths: list[float]) -> list[Touch]:
    edges = alternating(lengths)
    return [each.touch for _, each in told(config, edges, until=edges[-1][0] + 100)]
