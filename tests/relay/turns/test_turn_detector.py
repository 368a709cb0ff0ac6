"""When turns begin and end, told in frames of 20 ms: S is speech, a dot is silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.relay.turns.turn_detector import (
    MAX_TURN,
    TAIL,
    TurnDetector,
    TurnPaused,
    TurnRules,
    TurnStarted,
    TurnStopped,
    samples,
)
from edgevoice.relay.turns.wake_phrase import WakePhrase


def frames(count: int) -> int:
    return count * FRAME_SAMPLES


def tell(detector: TurnDetector, story: str, at: int = 0) -> list[object]:
    """Feed `story`, beginning at frame `at`; the events it gave."""
    events = []
    for number, letter in enumerate(story, at):
        probability = 0.9 if letter == "S" else 0.1
        event = detector.hear(frames(number), frames(number + 1), probability)
        if event is not None:
            events.append(event)
    return events


def test_a_turn_reaches_from_the_prefix_to_the_tail():
    events = tell(TurnDetector(TurnRules()), "." * 50 + "S" * 40 + "." * 30)
    assert events == [
        TurnStarted(frames(50) - samples(300)),
        TurnPaused(frames(90) + TAIL),
        TurnStopped(frames(90) + TAIL, frames(115)),
    ]


def test_clicks_begin_nothing():
    assert tell(TurnDetector(TurnRules()), "." * 20 + "SS....S....SSS...." * 10) == []


def test_a_click_does_not_hold_the_turn_open():
    events = tell(TurnDetector(TurnRules()), "S" * 40 + "." * 15 + "S" + "." * 20)
    assert events[-1] == TurnStopped(frames(40) + TAIL, frames(65))


def test_a_word_after_a_short_silence_continues_the_turn():
    events = tell(TurnDetector(TurnRules()), "S" * 40 + "." * 20 + "S" * 20 + "." * 40)
    assert [type(event) for event in events] == [TurnStarted, TurnPaused, TurnPaused, TurnStopped]
    assert events[-1] == TurnStopped(frames(80) + TAIL, frames(105))


def test_the_threshold_decides_and_speech_goes_on_a_little_below_it():
    detector = TurnDetector(TurnRules(threshold=0.95))
    assert tell(detector, "S" * 40) == []
    detector.rules = TurnRules(threshold=0.85)
    assert tell(detector, "S" * 5, at=40) == [TurnStarted(frames(40) - samples(300))]
    assert detector.hear(frames(45), frames(46), 0.72) is None
    assert detector.settled == frames(46)


def test_silence_duration_may_change_in_the_middle_of_a_turn():
    detector = TurnDetector(TurnRules())
    tell(detector, "S" * 40 + "." * 10)
    detector.rules = TurnRules(silence=samples(220))
    assert tell(detector, ".", at=50) == [TurnStopped(frames(40) + TAIL, frames(51))]


def test_not_a_number_is_not_speech():
    detector = TurnDetector(TurnRules())
    assert all(detector.hear(frames(n), frames(n + 1), float("nan")) is None for n in range(100))


def test_endless_speech_is_cut_and_nothing_is_lost_between_the_parts():
    detector = TurnDetector(TurnRules())
    events = tell(detector, "S" * (MAX_TURN // FRAME_SAMPLES + 200))
    first, stopped, second = events[0], events[1], events[2]
    assert isinstance(stopped, TurnStopped)
    assert stopped.end - first.start == MAX_TURN
    assert second.start == stopped.end


JUDGED = TurnRules(patience=samples(2000))


def test_a_pause_that_sounds_like_the_end_is_the_end_a_tenth_of_a_second_later():
    detector = TurnDetector(JUDGED)
    (_, paused) = tell(detector, "S" * 40 + "." * 10)
    assert paused == TurnPaused(frames(40) + TAIL, asks=True)
    assert detector.judged(paused.end, finished=True) is None
    assert tell(detector, "." * 30, at=50) == [TurnStopped(frames(40) + TAIL, frames(55))]


def test_nothing_more_is_heard_before_a_verdict_that_is_late():
    detector = TurnDetector(JUDGED)
    (_, paused) = tell(detector, "S" * 40 + "." * 14)
    assert not detector.waits
    tell(detector, ".", at=54)
    assert detector.waits
    assert detector.judged(paused.end, finished=True) == TurnStopped(paused.end, frames(55))
    assert not detector.waits


def test_whoever_does_not_sound_finished_is_waited_for():
    detector = TurnDetector(JUDGED)
    (_, paused) = tell(detector, "S" * 40 + "." * 10)
    detector.judged(paused.end, finished=False)
    assert tell(detector, "." * 100, at=50) == [TurnStopped(frames(40) + TAIL, frames(140))]


def test_without_a_verdict_silence_decides():
    detector = TurnDetector(JUDGED)
    (_, paused) = tell(detector, "S" * 40 + "." * 15)
    assert detector.judged(paused.end, finished=None) is None
    assert tell(detector, "." * 30, at=55) == [TurnStopped(frames(40) + TAIL, frames(65))]


def test_whoever_goes_on_before_the_verdict_counts_is_not_cut_and_asked_about_again():
    detector = TurnDetector(JUDGED)
    (_, paused) = tell(detector, "S" * 40 + "." * 12)
    assert tell(detector, "S" * 20, at=52) == []
    assert detector.judged(paused.end, finished=True) is None
    assert tell(detector, "." * 10, at=72) == [TurnPaused(frames(72) + TAIL, asks=True)]


def test_rules_without_a_judge_wait_for_no_verdict():
    detector = TurnDetector(JUDGED)
    tell(detector, "S" * 40 + "." * 15)
    detector.rules = TurnRules()
    assert not detector.waits
    assert tell(detector, "." * 30, at=55) == [TurnStopped(frames(40) + TAIL, frames(65))]


ALEXA = WakePhrase("alexa", frames(20), frames(50))


def test_the_wake_phrase_alone_is_not_a_turn():
    story = "." * 20 + "S" * 38 + "." * 100  # spoken on 160 ms past its estimated end
    assert tell(TurnDetector(TurnRules(), ALEXA), story) == []


def test_talk_before_the_wake_phrase_is_not_a_turn():
    assert tell(TurnDetector(TurnRules(), ALEXA), "S" * 55 + "." * 100) == []


def test_a_command_in_the_same_breath_begins_with_the_phrase():
    events = tell(TurnDetector(TurnRules(), ALEXA), "." * 20 + "S" * 80 + "." * 30)
    assert events[0] == TurnStarted(ALEXA.start, "alexa")


def test_a_command_after_a_stop_consonant_is_the_same_breath():
    events = tell(TurnDetector(TurnRules(), ALEXA), "." * 20 + "S" * 32 + "." * 6 + "S" * 30)
    assert events == [TurnStarted(ALEXA.start, "alexa")]


def test_a_command_after_a_pause_begins_after_the_phrase():
    events = tell(TurnDetector(TurnRules(), ALEXA), "." * 20 + "S" * 35 + "." * 12 + "S" * 30)
    assert events == [TurnStarted(frames(55))]


def test_a_command_long_after_the_phrase_has_its_usual_prefix():
    events = tell(TurnDetector(TurnRules(), ALEXA), "." * 20 + "S" * 32 + "." * 100 + "S" * 30)
    assert events == [TurnStarted(frames(152) - samples(300))]


def test_a_phrase_told_during_the_turn_it_began_makes_it_begin_anew():
    detector = TurnDetector(TurnRules())
    tell(detector, "." * 30 + "S" * 30)
    assert detector.expect(WakePhrase("alexa", frames(28), frames(58))) == TurnStarted(
        frames(28), "alexa"
    )
    assert tell(detector, "." * 30, at=60)[-1] == TurnStopped(frames(60) + TAIL, frames(85))


def test_a_phrase_told_ahead_of_its_sound_does_not_make_a_turn_end_before_it_begins():
    detector = TurnDetector(TurnRules())
    tell(detector, "." * 30 + "S" * 8)
    assert detector.expect(WakePhrase("alexa", frames(60), frames(90))) == TurnStarted(
        frames(38), "alexa"
    )
    assert tell(detector, "." * 30, at=38)[-1] == TurnStopped(frames(38) + TAIL, frames(63))


def test_the_name_in_the_middle_of_a_sentence_is_only_a_word():
    detector = TurnDetector(TurnRules())
    tell(detector, "S" * 200)
    assert detector.expect(WakePhrase("alexa", frames(150), frames(180))) is None


@given(
    st.text("S.", max_size=600),
    st.integers(0, 2000),
    st.integers(20, 2000),
    st.none() | st.builds(WakePhrase, st.just("a"), st.integers(0, 9000), st.integers(9001, 30000)),
)
def test_turns_never_overlap_and_hold_all_the_speech_between_them(story, prefix, silence, wake):
    rules = TurnRules(prefix=samples(prefix), silence=samples(silence))
    events = tell(TurnDetector(rules, wake), story)
    limits = [
        event.start if isinstance(event, TurnStarted) else event.end
        for event in events
        if not isinstance(event, TurnPaused)
    ]
    assert limits == sorted(limits)
    kinds = [type(event) for event in events if not isinstance(event, TurnPaused)]
    assert kinds == ([TurnStarted, TurnStopped] * len(kinds))[: len(kinds)]


PHRASES = st.builds(
    lambda start, length: WakePhrase("a", start, start + length),
    st.integers(0, 30_000),
    st.integers(0, 16_000),
)


@given(st.lists(st.tuples(st.sampled_from(["S" * 4, "S" * 9, "." * 9, "." * 30]), PHRASES)))
def test_no_turn_ends_before_it_begins_whatever_phrases_are_told(story):
    """Clients may name any samples, also some that they never sent."""
    detector, position, started = TurnDetector(TurnRules()), 0, 0
    for stretch, phrase in story:
        told = [*tell(detector, stretch, at=position), detector.expect(phrase)]
        position += len(stretch)
        for event in told:
            if isinstance(event, TurnStarted):
                started = event.start
                assert started <= frames(position)
            elif event is not None:
                assert started <= event.end <= frames(position)


@given(st.text("S.", min_size=1, max_size=400), st.integers(0, 300))
def test_every_long_stretch_of_speech_lies_inside_a_turn(story, silence_frames):
    detector = TurnDetector(TurnRules(silence=samples(500)))
    story += "." * 30
    events = tell(detector, story)
    starts = [event.start for event in events if isinstance(event, TurnStarted)]
    stops = [event.end for event in events if isinstance(event, TurnStopped)]
    position = 0
    for stretch in story.split("."):
        begin, position = position, position + len(stretch) + 1
        if len(stretch) >= 5:
            end = begin + len(stretch)
            assert any(
                start <= frames(begin) and frames(end) <= stop
                for start, stop in zip(starts, stops, strict=True)
            )


@pytest.mark.parametrize("name", ["alexa", None])
def test_forgetting_spends_what_was_heard(name):
    detector = TurnDetector(TurnRules(), ALEXA if name else None)
    tell(detector, "." * 20 + "S" * 80)
    detector.forget()
    assert not detector.in_turn
    assert tell(detector, "." * 3 + "S" * 30, at=100) == [TurnStarted(frames(100))]
