"""A turn whose sender has stopped sending ends by the clock; a device of ours is waited for."""

import pytest

from edgevoice.relay.session import CallTerms
from edgevoice.relay.turns.missing_sound import GRACE_S, MissingSound
from tests.relay.story import DEVICE, Story, tell
from tests.virtual_time import elapse

RULE = 8_000
LIMIT_S = 0.5 + GRACE_S


def test_what_does_not_come_counts_from_the_last_that_came():
    missing = MissingSound(0.0)
    missing.came(10.0)
    assert missing.silence(10.0 + LIMIT_S - 0.01, RULE) == 0
    assert missing.silence(10.0 + LIMIT_S, RULE) == 24_000
    assert missing.silence(12.0, RULE) == 8_000, "and goes on from there"
    missing.came(12.1)
    assert missing.silence(13.0, RULE) == 0


async def break_off(story: Story) -> None:
    """In the middle of a word."""
    story.engine.words = ["what time is", "it"]
    await story.speak(500)
    await elapse(LIMIT_S - 0.1)
    assert not story.all("input_audio_buffer.speech_stopped")


def test_a_sender_that_stops_is_answered():
    async def tale(story: Story) -> None:
        await break_off(story)
        await elapse(1.5)
        assert story.items() == [("user", "what time is"), ("assistant", "Yes.")]

    tell(tale)


@pytest.mark.parametrize("counted_on", [True, False], ids=["its clock ran on", "its clock stood"])
def test_nothing_is_lost_of_what_it_says_later(counted_on):
    async def tale(story: Story) -> None:
        await break_off(story)
        await elapse(3.4)
        story.position += 5 * 16_000 * counted_on
        await story.speak(400)
        story.sound(600, loud=False)
        await elapse(1)
        assert [words for who, words in story.items() if who == "user"] == ["what time is", "it"]
        loud = sum(abs(story.engine.utterances[-1].samples) > 0)
        assert loud == 400 * 16

    tell(tale)


@pytest.mark.parametrize("rules", [None, {"type": "server_vad", "silence_duration_ms": 3_000}])
def test_the_clients_own_rules_are_kept(rules):
    async def tale(story: Story) -> None:
        story.send("session.update", session={"audio": {"input": {"turn_detection": rules}}})
        await story.speak(500)
        await elapse(3.5)
        assert not story.all("input_audio_buffer.speech_stopped")

    tell(tale)


def test_a_device_of_ours_is_waited_for():
    async def tale(story: Story) -> None:
        await break_off(story)
        await elapse(20)
        assert not story.all("input_audio_buffer.speech_stopped")

    tell(tale, terms=DEVICE)


def test_silence_that_is_sent_by_events_is_the_clients_to_send():
    async def tale(story: Story) -> None:
        story.send("input_audio_buffer.append", audio=LOUD)
        await elapse(20)
        assert story.all("input_audio_buffer.speech_started")
        assert not story.all("input_audio_buffer.speech_stopped")

    tell(tale, terms=CallTerms(3600.0, {}, sound_in_events=True))


LOUD = "AEAA" * 16_000
