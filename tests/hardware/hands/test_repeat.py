"""A volume key: tapped, held, stuck."""

from itertools import pairwise

from edgevoice.hardware.hands.repeat import FASTEST_S, Repeat


def steps(held_s: float, bounce_s: float = 0.03, stuck_s: float = 20.0) -> list[float]:
    """When each step was told, after the key went down."""
    key = Repeat(bounce_s, stuck_s)
    times: list[float] = []
    key.feed(True, 0.0)
    released = False
    while key.deadline is not None and key.deadline < 100:
        if not released and key.deadline >= held_s:
            times += [held_s for _ in key.feed(False, held_s)]
            released = True
            continue
        now = key.deadline
        times += [round(now, 3) for _ in key.passed(now)]
    return times


def test_a_tap_is_one_step() -> None:
    assert steps(0.2) == [0.03]


def test_a_spike_is_none() -> None:
    assert steps(0.02) == []


def test_held_it_repeats_faster_and_faster() -> None:
    times = steps(3.0)
    assert times[:3] == [0.03, 0.5, 0.8]
    pauses = [round(later - at, 3) for at, later in pairwise(times[1:])]
    assert pauses == sorted(pauses, reverse=True)
    assert min(pauses) >= FASTEST_S - 0.001
    assert len(times) > 10  # from silence to full loudness in 3 s


def test_a_stuck_key_stops() -> None:
    assert steps(60.0, stuck_s=2.0)[-1] <= 2.0


def test_held_at_start_it_says_nothing() -> None:
    key = Repeat(0.03, 20.0)
    key.begin(True)
    assert key.passed(100.0) == []
