"""Where the time of a turn went, and whether that is unusual."""

import pytest

from edgevoice.daemon.diary.legs import is_slow, legs, percentile, usual, worst


def marks(detection: float = 0.5, thinking: float = 0.2, words: float = 0.3) -> dict[str, float]:
    return {
        "end of speech": 2.0,
        "turn committed": 2.0 + detection,
        "response created": 2.0 + detection + thinking,
        "first answer sample": 2.0 + detection + thinking + words,
    }


def test_legs_lie_between_the_marks_that_are_there() -> None:
    found = {name: round(seconds, 3) for name, seconds in legs(marks()).items()}
    assert found == {"end of turn": 0.5, "thinking": 0.2, "first words": 0.3, "answer": 1.0}
    assert legs({"wake end": 1.0, "wake decided": 0.9}) == {"wake word": 0.0}


@pytest.mark.parametrize(("share", "expected"), [(0.5, 3), (0.95, 5), (0.0, 1), (1.0, 5)])
def test_percentiles_are_values_that_were_measured(share: float, expected: int) -> None:
    assert percentile([5, 1, 4, 2, 3], share) == expected


def test_a_turn_is_slow_by_what_is_usual() -> None:
    before = usual([marks()] * 9)
    assert not is_slow(marks(), before)
    assert not is_slow(marks(thinking=0.4), before)
    assert is_slow(marks(thinking=2.0), before)
    leg, took, normally = worst(marks(thinking=2.0), before)
    assert (leg.name, round(took, 3), normally) == ("thinking", 2.0, 0.2)


def test_with_little_to_go_by_only_what_is_long_is_slow() -> None:
    assert not is_slow(marks(thinking=2.0), usual([marks()]))
    assert is_slow(marks(words=2.5), {})
    assert not is_slow({}, {})
