"""What the card pulls: the right rate, all channels, and no click where it is torn."""

from collections.abc import Callable

import numpy as np
import pytest

from edgevoice.audio.frames import Samples
from edgevoice.hardware.sound.feed import Feed


def constant(value: int = 10_000) -> Callable[[int], Samples]:
    return lambda n: np.full(n, value, np.int16)


def test_the_same_rate_passes_untouched() -> None:
    sound = iter(range(10_000))
    feed = Feed(lambda n: np.array([next(sound) for _ in range(n)], np.int16), 48_000, 48_000, 1)
    assert feed.pull(480).tolist() == list(range(480))
    assert feed.pull(441).tolist() == list(range(480, 921))
    assert feed.delay_s == 0


def test_two_channels_get_the_same() -> None:
    block = Feed(constant(), 48_000, 48_000, 2).pull(480)
    assert len(block) == 960 and (block == 10_000).all()


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(48_000, 16_000), (24_000, 48_000), (48_000, 44_100)]
)
@pytest.mark.parametrize("n", [1, 221, 480])
def test_another_rate_takes_as_many_seconds_as_it_gives(from_hz: int, to_hz: int, n: int) -> None:
    taken = 0

    def source(m: int) -> Samples:
        nonlocal taken
        taken += m
        return np.zeros(m, np.int16)

    feed = Feed(source, from_hz, to_hz, 1)
    given = sum(len(feed.pull(n)) for _ in range(to_hz // n))
    ahead_s = taken / from_hz - given / to_hz
    assert ahead_s == pytest.approx(feed.delay_s)
    assert 0 <= ahead_s < 0.1


def test_it_fades_out_within_one_block_and_takes_nothing_after_it() -> None:
    pulls: list[int] = []

    def source(n: int) -> Samples:
        pulls.append(n)
        return np.full(n, 10_000, np.int16)

    feed = Feed(source, 48_000, 48_000, 1)
    feed.pull(480)
    feed.end()
    last = feed.pull(480)
    assert last[0] == 10_000 and last[-1] == 0
    assert np.abs(np.diff(last.astype(int))).max() < 50
    assert feed.has_ended
    assert not feed.pull(480).any()
    assert len(pulls) == 2


def test_what_goes_on_after_a_gap_fades_in() -> None:
    feed = Feed(constant(), 48_000, 48_000, 1, resumed=True)
    first = feed.pull(480)
    assert first[0] == 0 and first[-1] == 10_000
    assert (feed.pull(480) == 10_000).all()
