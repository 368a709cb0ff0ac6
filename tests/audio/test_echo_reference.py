"""What was played while a sample was captured: early enough, steady, whatever the timing.

Two cards are imagined: blocks are pulled from the program some time before they sound,
and captured ones arrive some time after. What is played counts upwards, so that each
sample of the reference says which one it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.echo_reference import HELD_S, WAITING_BLOCKS, EchoReference
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples

pytestmark = pytest.mark.slow

WRAP = 20_000
"""Counting starts again here: 1.25 s, more than any error looked for."""


def counting(first: int, n: int, rate_hz: int) -> Samples:
    """The number of each sample at 16 kHz, starting at 1."""
    return ((np.arange(first, first + n) * CAPTURE_RATE_HZ // rate_hz) % WRAP + 1).astype(np.int16)


@dataclass
class Cards:
    """A loudspeaker that pulls `burst` blocks at a time, and a microphone."""

    rate_hz: int = 16_000
    drift_ppm: float = 0.0
    burst: int = 1
    period_s: float = 0.010
    late_s: float = 0.004
    shares_clock: bool = False
    seed: int = 0
    begins_at: float = 0.0
    pauses: list[tuple[float, float]] = field(default_factory=list)
    reference: EchoReference = field(init=False)
    leads: list[float] = field(default_factory=list)
    zeros: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reference = EchoReference(self.rate_hz, self.shares_clock)
        self.random = np.random.default_rng(self.seed)

    def pulls(self, until: float) -> Iterator[tuple[float, float, int]]:
        """When each burst is pulled, when it begins to sound, and its first sample."""
        block = round(self.period_s * self.rate_hz) * self.burst
        sounds_at, first = self.begins_at + 0.012, 0
        pauses = list(self.pauses)
        while sounds_at < until:
            if pauses and sounds_at >= pauses[0][0]:
                sounds_at += pauses.pop(0)[1]
            wake_at = sounds_at - 0.012
            yield wake_at + self.random.uniform(0, self.late_s), sounds_at, first
            first += block
            sounds_at += block / (self.rate_hz * (1 + self.drift_ppm * 1e-6))

    def run(self, seconds: float) -> None:
        """`leads`: by how many samples the reference was early, for each frame (in s: `heard`)."""
        pulls = list(self.pulls(seconds))
        block = round(self.period_s * self.rate_hz)
        waiting = list(pulls)
        for end in range(FRAME_SAMPLES, int(seconds * CAPTURE_RATE_HZ), FRAME_SAMPLES):
            now = end / CAPTURE_RATE_HZ + 0.01 + self.random.uniform(0, self.late_s)
            while waiting and waiting[0][0] <= now:
                at, _, first = waiting.pop(0)
                for n in range(self.burst):
                    self.reference.played(counting(first + n * block, block, self.rate_hz), at)
            self.reference.captured(end, now)
            far = self.reference.take(end - FRAME_SAMPLES, FRAME_SAMPLES)
            self.note(far, (end - FRAME_SAMPLES) / CAPTURE_RATE_HZ, pulls)

    def note(self, far: Samples, captured_at: float, pulls: list[tuple[float, float, int]]) -> None:
        sounding = [p for p in pulls if p[1] <= captured_at]
        if not far.all():
            self.zeros.append(captured_at)
        if not sounding or not far.all() or np.ptp(far) > 2 * FRAME_SAMPLES:
            return
        _, began, first = sounding[-1]
        truth = first * CAPTURE_RATE_HZ / self.rate_hz
        truth += (captured_at - began) * CAPTURE_RATE_HZ * (1 + self.drift_ppm * 1e-6)
        lead = (float(np.mean(far)) - 1 - (FRAME_SAMPLES - 1) / 2 - truth) % WRAP
        self.leads.append(lead if lead < WRAP / 2 else lead - WRAP)


def test_nothing_played_is_silence() -> None:
    reference = EchoReference(24_000)
    reference.captured(FRAME_SAMPLES, 1.0)
    assert not reference.take(0, FRAME_SAMPLES).any()
    assert len(reference.take(320, 100)) == 100


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("burst", [1, 2, 5])
def test_it_comes_before_its_echo_and_stays(rate_hz: int, burst: int) -> None:
    cards = Cards(rate_hz, burst=burst)
    cards.run(8)
    settled = np.array(cards.leads[50:])
    assert len(settled) > 250
    assert settled.min() > 0
    assert settled.max() < 16 * 60
    assert np.ptp(settled) < 2.5
    assert not [at for at in cards.zeros if at > 1]


def test_on_one_card_every_sample_comes_once() -> None:
    cards = Cards(shares_clock=True)
    cards.run(1)
    sound = [cards.reference.take(n, FRAME_SAMPLES) for n in range(15_000, 15_640, FRAME_SAMPLES)]
    heard = np.concatenate(sound)
    heard = heard[heard > 0].astype(int)
    assert np.all(np.diff(heard) % WRAP == 1)


@pytest.mark.fault("clock-drift")
@pytest.mark.parametrize("drift_ppm", [-200.0, 60.0, 100.0])
def test_taught_the_drift_it_stays_with_the_echo(drift_ppm: float) -> None:
    cards = Cards(drift_ppm=drift_ppm)
    cards.reference.adjust(drift_ppm)
    cards.run(10)
    settled = np.array(cards.leads[100:])
    assert np.ptp(settled) < 2.5
    assert cards.reference.jumps <= 1


@pytest.mark.slow
@pytest.mark.parametrize("drift_ppm", [-150.0, 100.0])
def test_untaught_it_compares_the_counts(drift_ppm: float) -> None:
    cards = Cards(drift_ppm=drift_ppm, burst=2)
    cards.run(90)
    assert cards.reference.drift_ppm == pytest.approx(drift_ppm, abs=25)
    assert min(cards.leads[100:]) > 0


def test_one_clock_has_no_drift_whatever_it_is_told() -> None:
    reference = EchoReference(16_000, shares_clock=True)
    reference.adjust(100)
    assert reference.drift_ppm == 0


def test_a_pause_of_the_loudspeaker_is_silence() -> None:
    cards = Cards(pauses=[(3.0, 1.0)])
    cards.run(8)
    silent = [at for at in cards.zeros if at > 1]
    assert silent[0] == pytest.approx(3.0, abs=0.1)
    assert silent[-1] == pytest.approx(4.0, abs=0.1)
    assert min(cards.leads[50:]) > 0
    assert np.ptp(cards.leads[-150:]) < 2.5


@pytest.mark.parametrize("underrun_s", [0.015, 0.04, 0.08])
def test_after_an_underrun_it_jumps_once_at_most(underrun_s: float) -> None:
    cards = Cards(pauses=[(4.0, underrun_s)])
    cards.run(4)
    before = cards.reference.jumps
    cards = Cards(pauses=[(4.0, underrun_s)])
    cards.run(9)
    assert cards.reference.jumps - before <= 2
    after = np.array(cards.leads[-150:])
    assert after.min() > 0
    assert after.max() < 16 * 110
    assert np.ptp(after) < 2.5


def test_sound_that_starts_later_is_placed_too() -> None:
    cards = Cards(begins_at=3.0)
    cards.run(8)
    assert cards.zeros[-1] < 3.2
    assert min(cards.leads[100:]) > 0


def test_after_a_reset_it_begins_anew_but_knows_the_clocks() -> None:
    cards = Cards()
    cards.reference.adjust(80)
    cards.run(1)
    cards.reference.reset()
    assert not cards.reference.take(16_000, FRAME_SAMPLES).any()
    assert cards.reference.drift_ppm == pytest.approx(80)


def test_while_nobody_captures_memory_is_bounded() -> None:
    reference = EchoReference(16_000)
    block = np.ones(160, np.int16)
    for n in range(5000):
        reference.played(block, n * 0.01)
    assert len(reference._pulls) == WAITING_BLOCKS
    reference.captured(FRAME_SAMPLES, 50.0)
    assert reference.take(0, FRAME_SAMPLES).any()
    assert len(reference._sound) <= HELD_S * CAPTURE_RATE_HZ


@settings(max_examples=8, deadline=None)
@given(
    burst=st.integers(1, 6),
    period_s=st.sampled_from([0.005, 0.01, 0.0107, 0.02]),
    late_s=st.floats(0, 0.008),
    drift_ppm=st.floats(-300, 300),
    seed=st.integers(0, 99),
)
def test_however_blocks_come_it_is_early_and_steady(
    burst: int, period_s: float, late_s: float, drift_ppm: float, seed: int
) -> None:
    cards = Cards(burst=burst, period_s=period_s, late_s=late_s, drift_ppm=drift_ppm, seed=seed)
    cards.reference.adjust(drift_ppm)
    cards.run(6)
    settled = np.array(cards.leads[50:])
    assert settled.min() > 0
    assert cards.reference.jumps <= 3
    assert np.sum(np.abs(np.diff(settled)) > 1.5) <= cards.reference.jumps


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("pct"), st.floats(-1, 1), st.integers(0, 2000))))
def test_no_order_of_calls_breaks_it(calls: list[tuple[str, float, int]]) -> None:
    reference = EchoReference(48_000)
    now, captured = 0.0, 0
    for what, step, n in calls:
        now += step
        if what == "p":
            reference.played(np.full(n, 1000, np.int16), now)
        elif what == "c":
            captured += n
            reference.captured(captured, now)
        else:
            far = reference.take(captured, n)
            assert far.dtype == np.int16 and len(far) == n
