"""The gate: nothing leaves while it is closed, nothing is missing while it is open."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer

SECOND = 16_000


def ramp(start: int, stop: int) -> Samples:
    """Samples that tell their own index."""
    return (np.arange(start, stop) % 32749).astype(np.int16)


def captured(ring: RingBuffer, samples: int) -> None:
    ring.write(ramp(ring.end, ring.end + samples))


def all_of(gate: Gate) -> list[tuple[int, Samples]]:
    frames = []
    while frame := gate.take():
        frames.append(frame)
    return frames


def test_a_closed_gate_gives_nothing() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    captured(ring, SECOND)
    assert (gate.take(), gate.available, gate.is_open, gate.first_sample) == (None, 0, False, None)


def test_opened_in_the_past_it_gives_everything_since() -> None:
    ring = RingBuffer(10.0)
    gate = Gate(ring)
    captured(ring, 3 * SECOND)
    gate.open(from_sample=SECOND + 7)
    assert gate.available == (2 * SECOND - 7) // FRAME_SAMPLES
    captured(ring, 5 * FRAME_SAMPLES)
    frames = all_of(gate)
    sent = np.concatenate([samples for _, samples in frames])
    assert [index for index, _ in frames[:2]] == [SECOND + 7, SECOND + 7 + FRAME_SAMPLES]
    assert np.array_equal(sent, ramp(SECOND + 7, SECOND + 7 + len(sent)))
    assert (gate.first_sample, gate.sent_samples, gate.gaps) == (SECOND + 7, len(sent), 0)
    assert ring.end - gate.next_sample < FRAME_SAMPLES


def test_opened_in_the_future_it_waits() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    gate.open(from_sample=2 * FRAME_SAMPLES)
    captured(ring, 2 * FRAME_SAMPLES)
    assert (gate.take(), gate.available) == (None, 0)
    captured(ring, FRAME_SAMPLES)
    assert [index for index, _ in all_of(gate)] == [2 * FRAME_SAMPLES]


def test_before_the_first_sample_nothing_is_missing() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    captured(ring, FRAME_SAMPLES)
    gate.open(from_sample=-5000)
    assert [index for index, _ in all_of(gate)] == [0]
    assert (gate.first_sample, gate.gaps, gate.lost_samples) == (0, 0, 0)


def test_what_the_ring_lost_is_counted_and_skipped() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    gate.open(from_sample=0)
    captured(ring, 2 * FRAME_SAMPLES)
    gate.take()
    captured(ring, SECOND)
    frames = all_of(gate)
    assert frames[0][0] == ring.start == 2 * FRAME_SAMPLES
    assert (gate.gaps, gate.lost_samples) == (1, FRAME_SAMPLES)
    assert np.array_equal(frames[0][1], ramp(2 * FRAME_SAMPLES, 3 * FRAME_SAMPLES))


def test_a_new_opening_counts_from_zero() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    captured(ring, 3 * SECOND)
    gate.open(from_sample=0)
    all_of(gate)
    gate.close()
    assert gate.gaps == 1, "counters stay readable while closed"
    gate.open(from_sample=ring.end)
    assert (gate.first_sample, gate.sent_samples, gate.gaps) == (3 * SECOND, 0, 0)
    assert gate.lost_samples == 0


def test_what_may_not_have_arrived_is_handed_out_again_and_counts_once() -> None:
    ring = RingBuffer(5.0)
    gate = Gate(ring)
    captured(ring, 2 * SECOND)
    gate.open(SECOND)
    all_of(gate)
    gate.rewind(SECOND + 3 * FRAME_SAMPLES)
    again = all_of(gate)
    assert again[0][0] == SECOND + 3 * FRAME_SAMPLES
    assert np.array_equal(again[0][1], ramp(again[0][0], again[0][0] + FRAME_SAMPLES))
    assert gate.sent_samples == gate.next_sample - SECOND == SECOND
    assert gate.resent_samples == SECOND - 3 * FRAME_SAMPLES
    assert (gate.gaps, gate.lost_samples) == (0, 0)


def test_nothing_from_before_the_opening_leaves_by_rewinding() -> None:
    ring = RingBuffer(5.0)
    gate = Gate(ring)
    captured(ring, 2 * SECOND)
    gate.open(SECOND)
    all_of(gate)
    gate.rewind(0)
    assert all_of(gate)[0][0] == SECOND


def test_rewinding_does_not_skip_forward() -> None:
    ring = RingBuffer(5.0)
    gate = Gate(ring)
    captured(ring, SECOND)
    gate.open(0)
    gate.rewind(SECOND // 2)
    assert (gate.next_sample, gate.resent_samples) == (0, 0)


def test_a_closed_gate_stays_closed_when_rewound() -> None:
    ring = RingBuffer(5.0)
    gate = Gate(ring)
    captured(ring, SECOND)
    gate.open(0)
    all_of(gate)
    gate.close()
    gate.rewind(0)
    assert gate.take() is None


def test_before_it_was_ever_open_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(AssertionError, match="never been open"):
        Gate(RingBuffer(1.0)).rewind(0)


def test_the_indicator_is_told_before_the_first_frame_and_after_the_last() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    captured(ring, SECOND)
    seen: list[tuple[bool, object]] = []
    gate.on_change = lambda is_open: seen.append((is_open, gate.take()))
    gate.open(from_sample=0)
    assert gate.take() is not None
    gate.close()
    gate.close()
    assert seen == [(True, None), (False, None)]


def test_an_indicator_that_fails_keeps_the_gate_closed() -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    captured(ring, SECOND)

    def broken(is_open: bool) -> None:
        raise OSError("no such pin")

    gate.on_change = broken
    with pytest.raises(OSError, match="pin"):
        gate.open(from_sample=0)
    assert (gate.is_open, gate.take()) == (False, None)


def test_opening_an_open_gate_is_a_bug() -> None:
    gate = Gate(RingBuffer(1.0))
    gate.open(from_sample=0)
    with pytest.raises(AssertionError, match="open already"):
        gate.open(from_sample=0)


class GateStory(RuleBasedStateMachine):
    """Any order of capturing, opening, taking and closing."""

    @initialize()
    def start(self) -> None:
        self.ring = RingBuffer(1.0)
        self.gate = Gate(self.ring)
        self.taken = 0
        self.lit = False
        self.gate.on_change = self.show

    def show(self, is_open: bool) -> None:
        self.lit = is_open

    @rule(samples=st.integers(0, 9000))
    def capture(self, samples: int) -> None:
        captured(self.ring, samples)

    @rule(offset=st.integers(-20_000, 2000))
    def open(self, offset: int) -> None:
        if not self.gate.is_open:
            self.gate.open(self.ring.end + offset)
            self.taken = 0

    @rule()
    def close(self) -> None:
        self.gate.close()

    @rule(most=st.integers(1, 40))
    def take(self, most: int) -> None:
        for _ in range(most):
            waiting = self.gate.available
            frame = self.gate.take()
            assert (frame is not None) == (waiting > 0)
            if frame is None:
                return
            assert self.lit, "a frame left while the light was off"
            self.taken += 1
            index, samples = frame
            assert np.array_equal(samples, ramp(index, index + FRAME_SAMPLES))

    @invariant()
    def every_sample_is_accounted_for(self) -> None:
        gate = self.gate
        if gate.first_sample is not None:
            assert gate.first_sample + gate.sent_samples + gate.lost_samples == gate.next_sample
            assert gate.sent_samples == self.taken * FRAME_SAMPLES


GateStory.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestGateStory = GateStory.TestCase


@given(blocks=st.lists(st.integers(1, 2000), min_size=1, max_size=40))
def test_taken_live_it_is_the_capture_itself(blocks: list[int]) -> None:
    ring = RingBuffer(1.0)
    gate = Gate(ring)
    gate.open(from_sample=0)
    sent = []
    for block in blocks:
        captured(ring, block)
        sent += [samples for _, samples in all_of(gate)]
    whole = sum(blocks) // FRAME_SAMPLES * FRAME_SAMPLES
    assert np.array_equal(np.concatenate([ramp(0, 0), *sent]), ramp(0, whole))
    assert gate.gaps == 0
