"""The sound of an answer that may have to be sent again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.answers.answer_sound import KEPT_MS, AnswerSound
from tests.webrtc.raw_pcm import ramp


def said(ms: int, sent_ms: int = 0, piece_ms: int = 700) -> AnswerSound:
    sound = AnswerSound()
    for start in range(0, ms * 24, piece_ms * 24):
        sound.add(ramp(start, min(start + piece_ms * 24, ms * 24)))
        sound.forget(sent_ms)
    return sound


def test_it_goes_on_exactly_where_it_was_heard():
    from_ms, rest = said(3000).since(1234)
    assert from_ms == 1234
    assert np.array_equal(rest, ramp(1234 * 24, 3000 * 24))


def test_more_than_there_is_cannot_have_been_heard():
    from_ms, rest = said(1000).since(10**9)
    assert (from_ms, len(rest)) == (1000, 0)


def test_an_answer_without_sound_is_empty():
    assert AnswerSound().since(0)[0] == 0


def test_what_is_long_past_is_dropped_and_the_rest_stays_in_place():
    sound = said(60_000, sent_ms=50_000)
    from_ms, rest = sound.since(0)
    assert KEPT_MS <= 50_000 - from_ms <= KEPT_MS + 700
    assert np.array_equal(rest, ramp(from_ms * 24, 60_000 * 24))


@given(st.lists(st.integers(0, 50_000), max_size=30), st.integers(0, 30_000))
def test_nothing_that_was_not_sent_is_ever_dropped(sizes, sent_ms):
    sound = AnswerSound()
    for size in sizes:
        sound.add(np.ones(size, np.int16))
        sound.forget(min(sent_ms, sound.duration_ms))
    sent_ms = min(sent_ms, sound.duration_ms)
    from_ms, rest = sound.since(sent_ms)
    assert from_ms == sent_ms
    assert len(rest) == sum(sizes) - from_ms * 24
