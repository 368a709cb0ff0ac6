"""From sample index to time: jitter is taken out, drift is followed."""

from edgevoice.audio.sample_clock import SampleClock

BLOCK = 320


def test_no_time_is_known_before_the_first_block() -> None:
    assert SampleClock().time_of(0) is None


def test_a_late_block_does_not_move_the_clock_by_its_lateness() -> None:
    clock = SampleClock()
    for n in range(1, 100):
        late = 0.05 if n % 7 == 0 else 0.0
        clock.observe(n * BLOCK, 5.0 + n * 0.02 + late)
    at = clock.time_of(100 * BLOCK)
    assert at is not None and abs(at - 7.0) < 2e-3


def test_a_slow_crystal_is_followed() -> None:
    clock = SampleClock()
    drift = 200e-6
    for n in range(1, 30_000):
        clock.observe(n * BLOCK, n * 0.02 * (1 + drift))
    at = clock.time_of(30_000 * BLOCK)
    assert at is not None and abs(at - 600.0 * (1 + drift)) < 2e-3


def test_after_an_interruption_the_relation_is_learnt_anew() -> None:
    clock = SampleClock()
    clock.observe(BLOCK, 1.0)
    clock.reset()
    clock.observe(2 * BLOCK, 9.0)
    assert clock.time_of(2 * BLOCK) == 9.0
