"""Which clocks are to be believed, and when one was set."""

import pytest

from edgevoice.tools.clock_watch import EARLIEST, PATIENCE_S, ClockWatch


@pytest.mark.parametrize(
    ("wall", "synchronised", "trusted"),
    [(100.0, None, False), (100.0, True, False), (EARLIEST, None, True), (EARLIEST, True, True),
     (EARLIEST, False, False)],
)  # fmt: skip
def test_who_is_believed(wall: float, synchronised: bool | None, trusted: bool) -> None:
    watch = ClockWatch()
    watch.look(5.0, wall, synchronised)
    assert watch.trusted is trusted


def test_a_network_that_never_comes_is_not_waited_for_for_ever() -> None:
    watch = ClockWatch()
    watch.look(5.0, 1.8e9, False)
    watch.look(5.0 + PATIENCE_S - 1, 1.8e9, False)
    assert not watch.trusted
    watch.look(5.0 + PATIENCE_S, 1.8e9, False)
    assert watch.trusted


def test_steps_are_seen_and_wandering_is_none() -> None:
    watch = ClockWatch()
    assert watch.look(0.0, 100.0, None) == 0.0
    assert watch.look(10.0, 111.0, None) == 0.0
    assert watch.look(20.0, 1.8e9, None) == 1.8e9 - 120.0
    assert watch.look(30.0, 1.8e9 + 10.0, None) == 0.0
    assert watch.look(40.0, 1.8e9 - 3580.0, None) == -3600.0
