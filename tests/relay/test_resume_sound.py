"""Sound across a break: of the user, sample by sample, and of the answer, from what was heard."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Audio, Text
from tests.relay.story import DEVICE, Story, spoken, tell, user_text
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import ramp


def loud_ramp(start, stop):
    return (np.arange(start, stop) % 9_973 + 2_000).astype(np.int16)


def played(call):
    return np.concatenate([*call.output.played, np.zeros(0, np.int16)])


# Sound of the user.


@given(st.integers(1, 40_000), st.integers(0, 3_000), st.floats(0, 20))
@settings(max_examples=40)
def test_a_turn_goes_on_sample_by_sample_wherever_it_is_cut(cut_at, overlap, held_s):
    """Sent again from where the relay says, or from earlier: what it has it has."""

    async def tale(story: Story) -> None:
        story.engine.words = ["all of it"]
        spoken_samples = loud_ramp(0, 40_000)
        story.session._line.leg.on_audio(0, spoken_samples[:cut_at])
        await story.lose()
        await elapse(held_s)
        story.resume()
        assert story.last("edgevoice.resumed")["samples"] == cut_at
        leg = story.session._line.leg
        rest = spoken_samples[max(0, cut_at - overlap) :]
        first = -min(overlap, cut_at)
        for start in range(0, len(rest), 777):
            leg.on_audio(first + start, rest[start : start + 777])
        leg.on_audio(first + len(rest), np.zeros(16_000, np.int16))
        await elapse(0.5)
        (utterance,) = story.engine.utterances
        assert np.array_equal(utterance.samples[:40_000], spoken_samples)
        (listener,) = story.engine.listeners
        assert np.array_equal(listener.samples, utterance.samples)

    tell(tale, terms=DEVICE)


def test_sound_may_go_on_in_another_form():
    """As RTP until UDP was blocked, then in events."""

    async def tale(story: Story) -> None:
        story.engine.words = ["both halves"]
        story.sound(1000, loud=True)
        story.resume()
        for level in (8000, 0):
            samples = np.full(24_000, level, "<i2").tobytes()
            story.send("input_audio_buffer.append", audio=base64.b64encode(samples).decode())
        await elapse(0.5)
        (utterance,) = story.engine.utterances
        assert (utterance.samples > 7000).sum() == pytest.approx(32_000, abs=100)

    tell(tale, terms=DEVICE)


# Sound of the answer.


def answering(ms: int) -> list:
    return [Text("So."), Audio(ramp(0, ms * 24))]


async def asked(story: Story, ms: int = 4000) -> str:
    """A question is put and its answer has begun to be made; its id."""
    story.engine.answers = [answering(ms)]
    story.send("conversation.item.create", item=user_text("well?"))
    story.send("response.create")
    await elapse(0.02)
    return story.last("response.created")["response"]["id"]


def test_an_answer_goes_on_from_what_was_heard():
    async def tale(story: Story) -> None:
        response_id = await asked(story)
        await elapse(2)
        await story.lose()
        await elapse(5)
        story.resume(response_id, 1234)
        assert np.array_equal(played(story.call), ramp(1234 * 24, 4000 * 24))
        assert story.session._voice.sent_ms == 1234
        await elapse(2)
        assert story.session._voice.sent_ms == pytest.approx(1234 + 1980, abs=2)
        assert "output_audio_buffer.stopped" not in story.kinds
        await elapse(1)
        assert story.all("output_audio_buffer.started") == []
        assert len(story.all("output_audio_buffer.stopped")) == 1

    tell(tale, terms=DEVICE)


def test_a_path_that_was_away_for_a_moment_gives_back_what_it_took():
    async def tale(story: Story) -> None:
        story.sound(500, loud=False)
        response_id = await asked(story)
        await elapse(1)
        story.send("edgevoice.resume", events=1, response_id=response_id, heard_ms=300)
        told = story.last("edgevoice.resumed")
        assert told["samples"] == 8_000
        assert story.session._voice.sent_ms == 300
        await elapse(5)
        assert story.kinds.count("output_audio_buffer.stopped") == 1

    tell(tale, terms=DEVICE)


def test_more_than_was_sent_cannot_have_been_heard():
    async def tale(story: Story) -> None:
        response_id = await asked(story)
        await elapse(1)
        await story.lose()
        sent_ms = story.session._voice.sent_ms
        story.resume(response_id, 10**9)
        assert np.array_equal(played(story.call), ramp(sent_ms * 24, 4000 * 24))

    tell(tale, terms=DEVICE)


def test_interrupted_after_a_break_it_ends_where_the_user_heard_it_end():
    async def tale(story: Story) -> None:
        response_id = await asked(story)
        await elapse(2)
        await story.lose()
        story.resume(response_id, 1000)
        await elapse(0.52)
        story.send("output_audio_buffer.clear")
        assert story.last("conversation.item.truncated")["audio_end_ms"] == 1500

    tell(tale, terms=DEVICE)


def test_while_it_is_held_the_clock_of_the_answer_stands_still():
    async def tale(story: Story) -> None:
        await asked(story)
        await elapse(1)
        await story.lose()
        sent_ms = story.session._voice.sent_ms
        assert 900 < sent_ms < 1100
        await elapse(20)
        assert story.session._voice.sent_ms == sent_ms
        assert story.session._brain.busy

    tell(tale, terms=DEVICE)


def test_an_answer_that_the_device_does_not_know_of_is_heard_from_its_beginning():
    """It began on its way into the void."""

    async def tale(story: Story) -> None:
        received = story.received
        await asked(story)
        await elapse(3)
        story.resume("resp_before", 777, events=received)
        assert np.array_equal(played(story.call), ramp(0, 4000 * 24))

    tell(tale, terms=DEVICE)


def test_an_answer_that_begins_while_it_is_held_waits_for_the_device():
    async def tale(story: Story) -> None:
        story.engine.answers = [[1.0, *answering(2000)]]
        story.send("response.create")
        await story.lose()
        await elapse(10)
        story.resume()
        assert np.array_equal(played(story.call), ramp(0, 2000 * 24))
        await elapse(3)
        assert [kind for kind in story.kinds if kind.startswith("output_audio_buffer")] == [
            "output_audio_buffer.started",
            "output_audio_buffer.stopped",
        ]

    tell(tale, terms=DEVICE)


def test_an_answer_that_goes_on_being_made_is_joined_without_a_seam():
    async def tale(story: Story) -> None:
        first, second = ramp(0, 2000 * 24), ramp(2000 * 24, 4000 * 24)
        story.engine.answers = [[Text("One."), Audio(first), 3.0, Text("Two."), Audio(second)]]
        story.send("response.create")
        await elapse(1)
        response_id = story.last("response.created")["response"]["id"]
        await story.lose()
        await elapse(1)
        story.resume(response_id, 700)
        await elapse(5)
        assert np.array_equal(played(story.call), ramp(700 * 24, 4000 * 24))

    tell(tale, terms=DEVICE)


def test_an_answer_that_was_sent_but_not_heard_to_its_end_is_opened_again():
    async def tale(story: Story) -> None:
        response_id = await asked(story, ms=2000)
        await elapse(3)
        assert story.kinds[-1] == "output_audio_buffer.stopped"
        await story.lose()
        story.resume(response_id, 800)
        assert np.array_equal(played(story.call), ramp(800 * 24, 2000 * 24))
        await elapse(2)
        assert story.kinds == [
            "edgevoice.resumed",
            "output_audio_buffer.started",
            "edgevoice.received",
            "output_audio_buffer.stopped",
        ]

    tell(tale, terms=DEVICE)


def test_that_it_had_stopped_is_not_told_to_who_hears_it_go_on():
    """A device that hears of an end it has not heard would hang up."""

    async def tale(story: Story) -> None:
        response_id = await asked(story, ms=2000)
        await elapse(1)
        received = story.received
        await elapse(2)
        story.resume(response_id, 800, events=received)
        await elapse(2)
        assert [kind for kind in story.kinds if kind.startswith("output_audio_buffer")] == [
            "output_audio_buffer.started",
            "output_audio_buffer.stopped",
        ]
        received = story.received
        story.resume(response_id, 2000, events=received - 1)
        assert story.kinds == ["edgevoice.resumed", "output_audio_buffer.stopped"]

    tell(tale, terms=DEVICE)


@pytest.mark.parametrize(
    ("named", "heard_ms", "after_s"),
    [("it", 2000, 1.0), ("it", 1950, 1.0), ("resp_0", 100, 1.0), ("", 0, 1.0), ("it", 100, 40.0)],
    ids=["heard", "rounded", "another", "none", "long ago"],
)
def test_an_answer_that_is_over_stays_over(named, heard_ms, after_s):
    async def tale(story: Story) -> None:
        response_id = await asked(story, ms=2000)
        await elapse(2 + after_s)
        story.resume(response_id if named == "it" else named, heard_ms)
        await elapse(1)
        assert story.kinds == ["edgevoice.resumed"]
        assert len(played(story.call)) == 0

    tell(tale, terms=DEVICE)


def test_an_answer_that_was_silenced_stays_silent():
    async def tale(story: Story) -> None:
        response_id = await asked(story)
        await elapse(1)
        story.send("output_audio_buffer.clear")
        story.resume(response_id, 500)
        await elapse(1)
        assert len(played(story.call)) == 0

    tell(tale, terms=DEVICE)


def test_an_answer_before_one_that_was_silenced_stays_over():
    async def tale(story: Story) -> None:
        first = await asked(story, ms=2000)
        await elapse(3)
        await asked(story)
        await elapse(1)
        story.send("output_audio_buffer.clear")
        story.resume(first, 500)
        await elapse(1)
        assert len(played(story.call)) == 0

    tell(tale, terms=DEVICE)


def test_the_next_answer_waits_for_the_one_that_was_opened_again():
    async def tale(story: Story) -> None:
        response_id = await asked(story, ms=2000)
        await elapse(3)
        await story.lose()
        story.resume(response_id, 1000)
        await asked(story, ms=500)
        await elapse(2)
        kinds = [kind for kind in story.kinds if kind.startswith("output_audio_buffer")]
        assert kinds == ["output_audio_buffer.started", "output_audio_buffer.stopped"] * 2

    tell(tale, terms=DEVICE)


def test_silencing_while_it_is_held_is_settled_when_the_device_says_it():
    async def tale(story: Story) -> None:
        response_id = await asked(story)
        await elapse(2)
        await story.lose()
        await elapse(1)
        story.resume(response_id, 600)
        story.send("output_audio_buffer.clear")
        assert story.last("output_audio_buffer.cleared")["response_id"] == response_id
        assert story.last("conversation.item.truncated")["audio_end_ms"] == 600

    tell(tale, terms=DEVICE)


def test_a_turn_that_cannot_be_recognised_while_it_is_held_is_told():
    async def tale(story: Story) -> None:
        story.engine.recognition_s = 1.0
        story.say(EngineError("out of ears"))
        await story.lose()
        await elapse(2)
        story.resume()
        assert story.last("response.done")["response"]["status"] == "failed"

    tell(tale, terms=DEVICE)


def test_a_long_answer_after_a_long_hold_is_whole():
    """The engine keeps its distance, and nothing of it is dropped."""

    async def tale(story: Story) -> None:
        story.engine.answers = [spoken(*["Again."] * 60)]
        story.send("response.create")
        await elapse(5)
        response_id = story.last("response.created")["response"]["id"]
        await story.lose()
        await elapse(25)
        story.resume(response_id, 4000)
        await elapse(70)
        assert len(played(story.call)) == 56 * 24_000
        assert len(story.all("output_audio_buffer.stopped")) == 1

    tell(tale, terms=DEVICE)
