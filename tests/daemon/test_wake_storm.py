"""A name that is called again and again by nobody: counted, snoozed, and taken up again."""

import pytest

from edgevoice.daemon.wake_storm import MOST_IN_VAIN, WITHIN_S, WakeStorm


def called_in_vain(storm: WakeStorm, times: int, every_s: float = 20.0, since: float = 0.0) -> bool:
    return [storm.in_vain(since + n * every_s) for n in range(times)][-1]


def test_six_times_in_ten_minutes_are_a_storm_and_five_are_none() -> None:
    storm = WakeStorm(300.0)
    assert not called_in_vain(storm, MOST_IN_VAIN)
    assert storm.in_vain(200.0)
    assert storm.is_snoozed(200.0) and storm.is_snoozed(499.9)
    assert not storm.is_snoozed(500.0)


def test_six_times_in_an_hour_are_none() -> None:
    assert not called_in_vain(WakeStorm(300.0), 20, every_s=WITHIN_S / MOST_IN_VAIN + 1)


def test_who_speaks_in_between_is_no_television() -> None:
    storm = WakeStorm(300.0)
    called_in_vain(storm, MOST_IN_VAIN)
    storm.meant()
    assert not called_in_vain(storm, MOST_IN_VAIN, since=100.0)


def test_a_hand_ends_it() -> None:
    storm = WakeStorm(300.0)
    assert called_in_vain(storm, MOST_IN_VAIN + 1)
    storm.attended()
    assert not storm.is_snoozed(110.0)
    assert not called_in_vain(storm, MOST_IN_VAIN, since=110.0)


def test_after_it_the_next_one_needs_as_many_again() -> None:
    storm = WakeStorm(60.0)
    assert called_in_vain(storm, MOST_IN_VAIN + 1)
    assert not called_in_vain(storm, MOST_IN_VAIN, since=200.0)
    assert storm.in_vain(310.0)


@pytest.mark.parametrize("snooze_s", [0.0])
def test_who_does_not_want_it_does_not_get_it(snooze_s: float) -> None:
    storm = WakeStorm(snooze_s)
    assert not called_in_vain(storm, 50)
    assert not storm.is_snoozed(1000.0)
