"""One sentence for each thing that an owner may wonder about."""

import pytest

from edgevoice.audio.wake_rule import Miss
from edgevoice.config import WakeWordConfig
from edgevoice.daemon.diary.explain import Reason, of_miss, of_step, of_turn, offline
from edgevoice.daemon.diary.legs import usual
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    DeadlinePassed,
    Input,
    LinkFailed,
    LinkOpened,
    MicrophoneLost,
    MuteRequested,
    StopRequested,
    WakeDetected,
)
from edgevoice.transceiver.step import Step
from tests.daemon.diary.test_legs import marks
from tests.transceiver.story import Story

WORDS = (WakeWordConfig(name="alexa", threshold=0.6),)
alexa = WakeDetected("alexa", 0.934, 10_000, 20_000, 21_000)


def reasons(story: Story, *facts: Input) -> list[Reason]:
    """What a diary would note."""
    noted = []
    mind = story.transceiver
    for fact in facts:
        before = mind.state
        step = Step(story.now, fact, before, story.happens(fact), mind.state)
        noted += [of_step(step, mind.last_ending, WORDS), offline(step, mind.last_ending)]
    return [reason for reason in noted if reason is not None]


def test_a_wake_word_has_its_score_and_threshold() -> None:
    (reason,) = reasons(Story(), alexa)
    assert reason.kind == "wake"
    assert reason.sentence == '"alexa" was heard with a score of 0.93; the threshold is 0.6'


@pytest.mark.parametrize(
    ("source", "said"), [("button", "button was pressed"), ("control", "`edgevoice wake`")]
)
def test_whoever_woke_it_otherwise_is_named(source: str, said: str) -> None:
    (reason,) = reasons(Story(), ButtonPressed(9, source))
    assert reason.kind == "wake" and said in reason.sentence


@pytest.mark.parametrize(
    ("ended_by", "said"),
    [
        (StopRequested("control"), "`edgevoice stop`"),
        (MuteRequested("button"), "muted by the button"),
        (MicrophoneLost("unplugged"), "lost: unplugged"),
        (ButtonPressed(99), "the button was pressed"),
    ],
)
def test_who_ended_a_session_is_named(ended_by: Input, said: str) -> None:
    *_, reason = reasons(Story(), ButtonPressed(9), LinkOpened("relay", True), ended_by)
    assert reason.kind == "stop" and said in reason.sentence


def test_silence_ended_it() -> None:
    story = Story()
    reasons(story, ButtonPressed(9), LinkOpened("relay", True))
    story.now = story.transceiver.deadline or 0.0
    (reason,) = reasons(story, DeadlinePassed())
    assert reason.sentence == "nobody said anything after it woke"


def test_without_a_relay_the_error_is_told_as_a_refusal_too() -> None:
    *_, stop, refusal = reasons(Story(), ButtonPressed(9), LinkFailed("nobody answers at x"))
    assert stop.sentence == "the relay was not there: nobody answers at x"
    assert refusal.kind == "refusal" and "nobody answers at x" in refusal.sentence


def test_what_it_refused_is_told() -> None:
    (muted,) = reasons(Story(muted=True), ButtonPressed(9))
    assert muted.kind == "refusal" and "edgevoice unmute" in muted.sentence
    story = Story()
    (lost,) = reasons(story, MicrophoneLost("unplugged"), ButtonPressed(9))
    assert lost.kind == "refusal" and "edgevoice doctor" in lost.sentence
    *_, dark = reasons(Story(), ButtonPressed(9), StopRequested("indicator"))
    assert dark.kind == "refusal" and "indicator" in dark.sentence


def test_what_explains_nothing_is_not_noted() -> None:
    assert reasons(Story(), MuteRequested("x"), StopRequested("x")) == []


@pytest.mark.parametrize(
    ("miss", "said"),
    [
        (Miss("alexa", 0.44, 0.6, "below"), "best score was 0.44, 0.16 under 0.6"),
        (Miss("alexa", 0.9, 0.6, "refractory"), "too soon after"),
        (Miss("alexa", 0.9, 0.6, "unconfirmed"), "second engine"),
        (Miss("alexa", 0.9, 0.6, "own voice"), "assistant itself"),
        (Miss("alexa", 0.9, 0.6, "snoozed"), "nobody spoke (wake.snooze_minutes)"),
    ],
)
def test_a_near_miss_says_by_how_much(miss: Miss, said: str) -> None:
    reason = of_miss(miss)
    assert reason.kind == "non-wake" and said in reason.sentence


def test_a_slow_turn_names_the_leg_and_whose_it_is() -> None:
    before = usual([marks()] * 9)
    assert of_turn({"turn": 3, "marks": marks()}, before) is None
    reason = of_turn({"turn": 3, "marks": marks(words=2.3)}, before)
    assert reason is not None
    assert reason.sentence == (
        "turn 3 took 3.0 s to be answered, usually 1.0 s: 2.3 s of it (usually 0.3 s) went to"
        " first words, which is engine and network"
    )
