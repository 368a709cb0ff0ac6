from math import inf, nan

import pytest

from edgevoice.transceiver.deadlines import Deadlines, Due


def test_the_earliest_is_the_deadline():
    deadlines = Deadlines()
    assert deadlines.next is None
    deadlines.arm(Due.SESSION, 300.0)
    deadlines.arm(Due.TURN, 6.0)
    assert deadlines.next == 6.0
    deadlines.disarm(Due.TURN, Due.RING)
    assert deadlines.next == 300.0


def test_arming_again_replaces_and_extending_never_shortens():
    deadlines = Deadlines()
    deadlines.arm(Due.TURN, 6.0)
    deadlines.extend(Due.TURN, 5.0)
    assert deadlines.next == 6.0
    deadlines.extend(Due.TURN, 7.0)
    assert deadlines.next == 7.0
    deadlines.arm(Due.TURN, 1.0)
    assert deadlines.next == 1.0


def test_what_has_passed_is_taken_once_and_in_order():
    deadlines = Deadlines()
    deadlines.arm(Due.SESSION, 1.0)
    deadlines.arm(Due.CUE, 2.0)
    deadlines.arm(Due.RING, 9.0)
    assert [deadlines.take(5.0) for _ in range(3)] == [Due.CUE, Due.SESSION, None]
    assert deadlines.next == 9.0


def test_a_clock_tick_early_is_in_time_but_a_moment_is_not():
    deadlines = Deadlines()
    deadlines.arm(Due.TURN, 6.0)
    assert deadlines.take(5.99) is None
    assert deadlines.take(5.9995) is Due.TURN


@pytest.mark.parametrize("never", [inf, nan])
def test_a_deadline_that_never_comes_is_a_bug(never):
    with pytest.raises(AssertionError):
        Deadlines().arm(Due.TURN, never)
