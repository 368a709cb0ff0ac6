"""From received samples to turns: however they are cut up, and with real voices."""

from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.vad import SileroVad
from edgevoice.relay.turns.hearing import KEPT_S, Hearing
from edgevoice.relay.turns.turn_detector import TurnPaused, TurnRules, TurnStarted, TurnStopped
from edgevoice.relay.turns.wake_phrase import WakePhrase
from tests.recordings import scene
from tests.relay.story import LoudnessVad

STORY = st.lists(st.tuples(st.booleans(), st.integers(1, 20_000)), max_size=12)
CUTS = st.lists(st.integers(1, 5000), min_size=1, max_size=20)


def sound(story):
    blocks = [np.full(length, 8000 if loud else 0, np.int16) for loud, length in story]
    return np.concatenate([np.zeros(0, np.int16), *blocks])


def turns(hearing, samples, cuts):
    """Feed the samples in blocks of these sizes, over and over."""
    events, at, number = [], 0, 0
    while at < len(samples):
        block = samples[at : at + cuts[number % len(cuts)]]
        events += hearing.receive(at, block)
        at, number = at + len(block), number + 1
    return events


@pytest.mark.slow
@given(STORY, CUTS)
def test_the_turns_do_not_depend_on_how_the_stream_is_cut(story, cuts):
    samples = sound(story)
    whole = turns(Hearing(LoudnessVad(), TurnRules()), samples, [len(samples) or 1])
    assert turns(Hearing(LoudnessVad(), TurnRules()), samples, cuts) == whole


VERDICTS = {0: True, 1: False, 2: None}


def verdict(end):
    """Any: but the same for the same pause."""
    return VERDICTS[end // 320 % 3]


@pytest.mark.slow
@settings(max_examples=40)
@given(STORY, CUTS, st.lists(st.integers(0, 8), min_size=1))
def test_the_turns_do_not_depend_on_how_long_verdicts_take(story, cuts, delays):
    """`delays`: how many blocks each verdict is late; a burst is a block that holds them all."""
    samples = sound([*story, (False, 40_000)])
    rules = TurnRules(patience=16_000)
    hearing = Hearing(LoudnessVad(), rules, can_judge=True)
    prompt = all_turns(hearing, hearing.receive(0, samples))
    late = Hearing(LoudnessVad(), rules, can_judge=True)
    events, questions, at = [], [], 0
    for number in count():
        block = samples[at : at + cuts[number % len(cuts)]]
        told = list(late.receive(at, block))
        at += len(block)
        for due, end in [question for question in questions if question[0] <= number]:
            questions.remove((due, end))
            told += late.judged(end, verdict(end))
        questions += [
            (number + 1 + delays[e.end % len(delays)], e.end)
            for e in told
            if isinstance(e, TurnPaused)
        ]
        events += told
        if at == len(samples) and not questions:
            break
    assert events == prompt


def all_turns(hearing, events):
    """Each question is answered at once."""
    found, left = [], list(events)
    while left:
        found.append(left.pop(0))
        if isinstance(found[-1], TurnPaused) and found[-1].asks:
            left += hearing.judged(found[-1].end, verdict(found[-1].end))
    return found


def test_where_pauses_are_judged_the_owner_says_what_speech_is():
    owner = TurnRules(threshold=0.97, prefix=0)
    deaf = Hearing(LoudnessVad(), TurnRules(patience=16_000), can_judge=True, owner=owner)
    hearing = Hearing(LoudnessVad(), TurnRules(), can_judge=True, owner=owner)
    speech = sound([(False, 16_000), (True, 16_000)])
    assert list(deaf.receive(0, speech)) == []
    assert list(hearing.receive(0, speech)) == [TurnStarted(16_000 - 4_800)]
    hearing.set_rules(TurnRules(patience=16_000))
    assert list(hearing.receive(32_000, sound([(True, 16_000), (False, 32_000)]))) != []


def test_a_verdict_that_never_comes_is_done_without():
    hearing = Hearing(LoudnessVad(), TurnRules(patience=64_000), can_judge=True)
    block = np.zeros(16_000, np.int16)
    list(hearing.receive(0, sound([(True, 16_000)])))
    events = [hearing.receive(second * 16_000, block) for second in range(1, 33)]
    stopped = [e for told in events for e in told if isinstance(e, TurnStopped)]
    assert [turn.decided_at for turn in stopped] == [24_000]


def test_what_was_committed_while_a_verdict_was_awaited_is_heard_no_more():
    hearing = Hearing(LoudnessVad(), TurnRules(patience=64_000), can_judge=True)
    list(hearing.receive(0, sound([(True, 16_000), (False, 5_000), (True, 8_000)])))
    hearing.take()
    assert list(hearing.judged(19_200, finished=True)) == []
    assert list(hearing.receive(29_000, sound([(False, 16_000)]))) == []


@pytest.mark.slow
@given(STORY, CUTS)
def test_every_turn_can_be_read_back_sample_by_sample(story, cuts):
    samples = sound([*story, (False, 20_000)])
    hearing = Hearing(LoudnessVad(), TurnRules())
    events = turns(hearing, samples, cuts)
    starts = [event.start for event in events if isinstance(event, TurnStarted)]
    stops = [event.end for event in events if isinstance(event, TurnStopped)]
    for start, stop in zip(starts, stops, strict=True):
        assert np.array_equal(hearing.read(start, stop), samples[start:stop])


@given(CUTS, st.integers(0, 3000))
def test_blocks_that_overlap_are_heard_once(cuts, overlap):
    samples = np.arange(20_000).astype(np.int16)
    hearing = Hearing(LoudnessVad(), None)
    at = 0
    for size in cuts:
        begin = max(0, at - overlap)
        list(hearing.receive(begin, samples[begin : at + size]))
        at = min(len(samples), at + size)
    assert np.array_equal(hearing.read(0, hearing.end), samples[:at])


def test_a_hole_keeps_later_samples_in_their_places():
    hearing = Hearing(LoudnessVad(), None)
    list(hearing.receive(0, np.full(320, 7, np.int16)))
    list(hearing.receive(960, np.full(320, 9, np.int16)))
    assert hearing.end == 1280
    assert not hearing.read(320, 960).any()
    assert (hearing.read(960, 1280) == 9).all()


def test_a_jump_of_a_day_costs_five_seconds():
    hearing = Hearing(LoudnessVad(), TurnRules())
    list(hearing.receive(0, np.zeros(320, np.int16)))
    day = 86_400 * CAPTURE_RATE_HZ
    list(hearing.receive(day, np.zeros(320, np.int16)))
    assert hearing.end == 640 + 5 * CAPTURE_RATE_HZ
    list(hearing.receive(day + 320, np.full(320, 9, np.int16)))
    assert (hearing.read(hearing.end - 320, hearing.end) == 9).all()


def test_a_manual_turn_longer_than_what_is_kept_loses_its_beginning():
    hearing = Hearing(LoudnessVad(), None)
    for _ in range(int(KEPT_S) + 10):
        list(hearing.append(np.zeros(CAPTURE_RATE_HZ, np.int16)))
    start, end = hearing.waiting
    assert end - start == KEPT_S * CAPTURE_RATE_HZ


COMMANDS = {
    "alexa_what_time_is_it": 1.90,
    "alexa_go_to_dark_forest": 1.70,
    "alexa_what_are_the_news_headlines": 1.70,
}
"""Recordings after one second of quiet, and where the command's first sound is at the latest."""


@pytest.mark.models
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("error_ms", [-150, 0, 100, 200])
def test_no_word_of_a_command_is_cut_whatever_the_wake_estimate(models_dir, name, error_ms):
    """The estimated end of the phrase is early or late; the utterance begins before the command."""
    end = CAPTURE_RATE_HZ * 1450 // 1000 + error_ms * 16
    hearing = Hearing(SileroVad(models_dir), TurnRules(), WakePhrase("alexa", end - 17_600, end))
    started, stopped = (
        event
        for event in turns(hearing, scene(1.0, name, 1.5), [320])
        if isinstance(event, TurnStarted | TurnStopped)
    )
    assert started.start < COMMANDS[name] * CAPTURE_RATE_HZ
    assert started.start < end or started.wake_name is None
    assert stopped.end > 2.4 * CAPTURE_RATE_HZ


@pytest.mark.models
@pytest.mark.parametrize(
    ("name", "end_s"),
    [("alexa_107", 1.74), ("alexa_34", 1.9), ("alexa_62", 1.9), ("alexa_67", 1.98)],
)
def test_the_wake_word_alone_is_no_turn(models_dir, name, end_s):
    """With the ends that the wake word model estimates for these voices, all of them early."""
    end = round(end_s * CAPTURE_RATE_HZ)
    wake = WakePhrase("alexa", end - 17_600, end)
    hearing = Hearing(SileroVad(models_dir), TurnRules(), wake)
    assert turns(hearing, scene(1.0, name, 1.5), [320]) == []


def test_whoever_began_to_speak_before_detection_was_switched_on_is_heard_from_the_beginning():
    """As when a device heard a voice interrupt an answer, and says so a little later."""
    hearing = Hearing(LoudnessVad(), None)
    quiet, speech = np.zeros(64_000, np.int16), np.full(8_000, 8000, np.int16)
    list(hearing.receive(0, quiet))
    assert list(hearing.receive(64_000, speech)) == []
    hearing.set_rules(TurnRules(prefix=0))
    assert list(hearing.receive(72_000, speech[:320])) == [TurnStarted(64_000)]


def test_whoever_was_speaking_when_detection_was_switched_off_is_heard_from_the_beginning():
    """An answer begins at the same moment, and is interrupted by it."""
    hearing = Hearing(LoudnessVad(), TurnRules(prefix=0))
    list(hearing.receive(0, np.zeros(16_000, np.int16)))
    speech = np.full(4_800, 8000, np.int16)
    assert list(hearing.receive(16_000, speech)) == [TurnStarted(16_000)]
    hearing.set_rules(None)
    assert list(hearing.receive(20_800, speech)) == []
    hearing.set_rules(TurnRules(prefix=0))
    assert list(hearing.receive(25_600, speech[:320])) == [TurnStarted(16_000)]


def test_what_was_cleared_or_is_long_past_is_not_looked_back_on():
    cleared, old = Hearing(LoudnessVad(), None), Hearing(LoudnessVad(), None)
    speech = np.full(8_000, 8000, np.int16)
    list(cleared.receive(0, speech))
    cleared.take()
    list(old.receive(0, np.concatenate([speech, np.zeros(16_000, np.int16)])))
    for hearing in (cleared, old):
        hearing.set_rules(TurnRules())
        assert list(hearing.receive(hearing.end, np.zeros(3_200, np.int16))) == []
