"""Pieces of speech: found, padded, divided when long."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.relay.engines.local.speech_finder import (
    GAP,
    LONG,
    LONGEST,
    MARGIN,
    SpeechFinder,
    divide,
)


class LoudVad:
    """Loud is speech; remembers how many frames it was asked about."""

    def __init__(self) -> None:
        self.asked = [0]

    def probability(self, frame):
        self.asked[0] += 1
        return float(np.abs(frame).max() > 100)

    def reset(self):
        pass


def frames(pattern: str):
    """`.` is a silent frame, `x` a loud one."""
    return np.repeat([1000 if c == "x" else 0 for c in pattern], FRAME_SAMPLES).astype(np.int16)


def test_speech_is_kept_with_a_margin_on_both_sides():
    found = SpeechFinder(LoudVad()).look(frames("." * 20 + "x" * 10 + "." * 20))
    assert found == [((20 - MARGIN) * FRAME_SAMPLES, (30 + MARGIN) * FRAME_SAMPLES)]


def test_a_click_is_no_speech():
    assert SpeechFinder(LoudVad()).look(frames("...x...")) == []


def test_a_pause_does_not_divide_a_short_utterance():
    assert len(SpeechFinder(LoudVad()).look(frames("x" * 20 + "." * 70 + "x" * 20))) == 1


def test_each_frame_is_judged_once():
    vad = LoudVad()
    finder = SpeechFinder(vad)
    finder.look(frames("x" * 30))
    finder.look(frames("x" * 40)[:-5])
    assert vad.asked[0] == 39


def test_after_eight_seconds_a_gap_ends_the_piece():
    judged = [1.0] * (LONG + 1) + [0.0] * (GAP + 1) + [1.0] * 50
    assert divide(judged) == [(0, LONG), (LONG + GAP + 2, len(judged) - 1)]


def test_after_twenty_seconds_the_quietest_frame_does():
    judged = [1.0] * (LONGEST + 200)
    judged[LONGEST - 100] = 0.6
    assert divide(judged) == [(0, LONGEST - 100), (LONGEST - 100, len(judged) - 1)]


def test_a_long_silence_divides_as_well():
    assert divide([1.0] * 20 + [0.0] * 76 + [1.0] * 20) == [(0, 19), (96, 115)]


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.9]), st.integers(1, 700)), max_size=12),
    st.integers(0, 5000),
)
def test_pieces_are_in_order_bounded_and_closed_ones_never_change(runs, heard):
    judged = [probability for probability, count in runs for _ in range(count)]
    pieces = divide(judged)
    assert all(0 <= first <= last < len(judged) for first, last in pieces)
    assert all(last - first <= LONGEST for first, last in pieces)
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))
    closed = divide(judged[:heard])[:-1]
    assert pieces[: len(closed)] == closed
