"""The ring against the one thing it must equal: a slice of everything ever captured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.ring import RingBuffer
from edgevoice.errors import SamplesLost


def ramp(start: int, stop: int) -> np.ndarray:
    """Samples that tell their own index."""
    return (np.arange(start, stop) % 32749).astype(np.int16)


def ring_of(samples: int) -> RingBuffer:
    return RingBuffer(seconds=1.0, rate_hz=samples)


def test_nothing_captured_is_nothing_held() -> None:
    ring = ring_of(100)
    assert (ring.start, ring.end) == (0, 0)
    assert len(ring.read(0, 0)) == 0


@given(
    capacity=st.integers(1, 50),
    blocks=st.lists(st.integers(0, 120), max_size=12),
    data=st.data(),
)
def test_what_is_read_is_what_was_captured_at_that_index(
    capacity: int, blocks: list[int], data: st.DataObject
) -> None:
    ring = ring_of(capacity)
    end = 0
    for length in blocks:
        ring.write(ramp(end, end + length))
        end += length
    assert (ring.start, ring.end) == (max(0, end - capacity), end)
    start = data.draw(st.integers(ring.start, end))
    stop = data.draw(st.integers(start, end))
    assert np.array_equal(ring.read(start, stop), ramp(start, stop))


def test_overwritten_samples_are_refused_and_the_remedy_named() -> None:
    ring = ring_of(100)
    ring.write(ramp(0, 130))
    with pytest.raises(SamplesLost, match=r"ring_s"):
        ring.read(29, 60)
    assert np.array_equal(ring.read(30, 130), ramp(30, 130))


def test_samples_not_captured_yet_are_refused() -> None:
    ring = ring_of(100)
    ring.write(ramp(0, 10))
    with pytest.raises(SamplesLost):
        ring.read(5, 11)


def test_what_was_read_does_not_change_when_the_ring_goes_on() -> None:
    ring = ring_of(10)
    ring.write(ramp(0, 10))
    kept = ring.read(0, 10)
    ring.write(ramp(10, 20))
    assert np.array_equal(kept, ramp(0, 10))


def test_stereo_and_floats_are_refused() -> None:
    ring = ring_of(10)
    with pytest.raises(ValueError, match="mono int16"):
        ring.write(np.zeros((5, 2), np.int16))
    with pytest.raises(ValueError, match="mono int16"):
        ring.write(np.zeros(5, np.float32))  # type: ignore[arg-type]
    assert ring.end == 0


def test_erasing_leaves_silence_and_the_clock_as_it_is() -> None:
    ring = ring_of(50)
    ring.write(ramp(1, 121))
    ring.erase()
    assert (ring.start, ring.end) == (70, 120)
    assert not ring.read(70, 120).any()
    ring.write(ramp(120, 130))
    assert np.array_equal(ring.read(120, 130), ramp(120, 130))
