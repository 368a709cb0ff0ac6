"""Stories of sessions whose transport breaks, and of devices that come back."""

import asyncio
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.config import LimitsConfig, RelayConfig
from edgevoice.errors import EngineError
from edgevoice.realtime.wire import CLIENT_EVENTS
from edgevoice.relay.engines.engine import Audio, Text
from edgevoice.relay.line import TAKE_OVER_S
from edgevoice.relay.patience import CONNECT_S
from edgevoice.relay.session import CallTerms
from tests.relay.story import DEVICE, Story, spoken, tell
from tests.relay.test_hostile_events import FIELDS
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import ramp

HOLD_S = LimitsConfig().hold_s


def user_text(text):
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


def loud_ramp(start, stop):
    return (np.arange(start, stop) % 9_973 + 2_000).astype(np.int16)


def played(call):
    return np.concatenate([*call.output.played, np.zeros(0, np.int16)])


# Held, and for how long.


def test_a_session_whose_transport_broke_is_held_and_then_given_up():
    async def tale(story: Story) -> None:
        await story.lose()
        assert len(story.held) == 1
        await elapse(HOLD_S - 0.1)
        assert story.session.may_resume
        await elapse(0.2)
        assert not story.session.may_resume

    assert "did not come back for 30 s" in tell(tale, terms=DEVICE).reason


def test_a_goodbye_is_a_goodbye():
    async def tale(story: Story) -> None:
        await story.call.close()
        await elapse(0.1)
        assert not story.session.may_resume
        assert story.held == []

    tell(tale, terms=DEVICE)


@pytest.mark.parametrize(
    ("config", "terms"),
    [
        (RelayConfig(), CallTerms(3600.0, {})),
        (RelayConfig(limits=LimitsConfig(hold_s=0)), DEVICE),
    ],
    ids=["a client that knows no extensions", "a relay that holds nothing"],
)
def test_who_cannot_come_back_is_not_waited_for(config, terms):
    async def tale(story: Story) -> None:
        assert not story.session.may_resume
        await story.lose()
        await elapse(0.1)
        assert story.session._hung_up.is_set()

    tell(tale, config=config, terms=terms)


def test_a_held_session_has_no_transport_and_can_be_hung_up():
    async def tale(story: Story) -> None:
        await story.lose()
        assert story.call._closed.is_set()
        assert story.session._line.leg is None
        assert story.session._voice._output is None
        story.session.hang_up("the client hung up")
        await elapse(0.1)
        assert not story.session.may_resume

    assert tell(tale, terms=DEVICE).reason == "the client hung up"


def test_patience_goes_on_while_it_is_held():
    async def tale(story: Story) -> None:
        await story.lose()
        await elapse(6)
        assert not story.session.may_resume

    limits = LimitsConfig(idle_s=5)
    assert tell(tale, config=RelayConfig(limits=limits), terms=DEVICE).reason == "idle"


# Events.


def test_both_sides_learn_what_the_other_has_and_what_was_missed_is_repeated():
    async def tale(story: Story) -> None:
        story.send("conversation.item.create", item=user_text("one"))
        received = story.received
        story.send("conversation.item.create", item=user_text("lost on the way back"))
        story.sound(100, loud=False)
        lost = story.call.sent[received:]
        assert len(lost) == 2
        await story.lose()
        await elapse(1.4)
        story.resume(events=received)
        resumed, *repeated = story.events
        assert (resumed["type"], resumed["events"]) == ("edgevoice.resumed", 2)
        assert resumed["samples"] == 1600
        assert repeated == lost
        assert story.resumed == [pytest.approx(1.4)]
        story.send("session.update", session={"type": "realtime"})
        assert story.kinds == ["session.updated"]

    tell(tale, terms=DEVICE)


def test_work_goes_on_while_it_is_held_and_is_told_afterwards():
    async def tale(story: Story) -> None:
        story.send("conversation.item.create", item=user_text("hello"))
        story.engine.answers = [[0.5, *spoken("Yes.")]]
        story.send("response.create", response={"output_modalities": ["text"]})
        await story.lose()
        await elapse(1)
        story.resume()
        assert "response.done" in story.kinds
        assert len(story.engine.requests) == 1

    tell(tale, terms=DEVICE)


def test_every_message_on_the_channel_is_counted_as_the_client_counts_it():
    """It counts what it sent: whether we could read it, or dropped it, it cannot know."""

    async def tale(story: Story) -> None:
        story.session.on_message("{")
        story.send("session.reboot")
        story.send("edgevoice.ping")
        story.send("edgevoice.resume", events=0)
        for _ in range(20):
            story.send("input_audio_buffer.clear")
            story.send("edgevoice.ping")
        story.resume()
        assert story.last("edgevoice.resumed")["events"] == 22

    tell(tale, terms=DEVICE, config=RelayConfig(limits=LimitsConfig(events_per_s=5)))


def test_a_ping_is_answered_at_once_and_is_no_sign_of_life():
    async def tale(story: Story) -> None:
        count = story.session._state.outbox.count
        for _ in range(5):
            await elapse(1)
            story.send("edgevoice.ping")
        assert len(story.all("edgevoice.pong")) == 5
        assert story.session._state.outbox.count == count
        await elapse(1.1)

    limits = LimitsConfig(idle_s=6)
    assert tell(tale, config=RelayConfig(limits=limits), terms=DEVICE).reason == "idle"


def test_a_session_that_never_opened_can_be_resumed_too():
    """UDP is blocked, say, and the device calls by another transport."""

    async def tale(story: Story) -> None:
        never = story.call
        await elapse(3)
        story.resume(events=0)
        assert story.kinds[:2] == ["edgevoice.resumed", "session.created"]
        assert never.sent == []
        await elapse(CONNECT_S)
        assert story.session.may_resume

    tell(tale, terms=DEVICE, open_channel=False)


# Taking over.


def test_until_the_first_message_nothing_changes_and_then_all_of_it():
    async def tale(story: Story) -> None:
        old, first = story.call, story.session._line.leg
        leg, new = story.offer()
        leg.on_audio(0, np.zeros(160, np.int16))
        story.send("session.update", session={"type": "realtime"})
        assert story.kinds[-1] == "session.updated"
        assert new.sent == []
        assert story.session._hearing.position == 0
        story.say_on(leg, events=story.received)
        await elapse(0.01)
        assert old._closed.is_set()
        said = len(old.sent)
        first.on_message('{"type":"input_audio_buffer.clear"}')
        first.on_audio(0, np.zeros(160, np.int16))
        assert len(old.sent) == said
        assert story.session._hearing.position == 0
        assert [event["type"] for event in new.sent] == ["edgevoice.resumed"]

    assert tell(tale, terms=DEVICE).resumed == [0.0]


def test_a_transport_that_never_opens_changes_nothing():
    async def tale(story: Story) -> None:
        calls = [story.offer()[1], story.offer()[1]]
        await elapse(0.01)
        assert calls[0]._closed.is_set()
        assert not calls[1]._closed.is_set()
        await elapse(TAKE_OVER_S)
        assert calls[1]._closed.is_set()
        story.send("session.update", session={"type": "realtime"})
        assert story.kinds[-1] == "session.updated"

    tell(tale, terms=DEVICE)


def test_a_goodbye_of_the_old_transport_is_none_while_a_new_one_is_coming():
    """Whoever builds a new transport lets go of the old one, in whatever order."""

    async def tale(story: Story) -> None:
        leg, new = story.offer()
        await story.call.close()
        await elapse(1)
        assert story.held == [""]
        story.say_on(leg, events=story.received)
        assert new.sent[0]["type"] == "edgevoice.resumed"
        await new.close()
        await elapse(0.1)
        assert not story.session.may_resume

    tell(tale, terms=DEVICE)


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"edgevoice.resume","events":999}',
        '{"type":"edgevoice.resume","events":-1}',
        '{"type":"edgevoice.resume"}',
        '{"type":"session.update","session":{"type":"realtime"}}',
        "[",
    ],
)
@pytest.mark.parametrize("broken", [True, False])
def test_a_claim_that_cannot_be_is_refused_and_the_session_stays_as_it_was(message, broken):
    async def tale(story: Story) -> None:
        if broken:
            await story.lose()
        leg, call = story.offer()
        leg.on_message(message)
        await elapse(0.01)
        assert [event["type"] for event in call.sent] == ["error"]
        assert call.sent[0]["error"]["code"] == "resume_refused"
        assert call._closed.is_set()
        assert story.session.may_resume
        story.resume()
        assert story.kinds == ["edgevoice.resumed"]

    tell(tale, terms=DEVICE)


def test_what_is_not_kept_any_more_cannot_be_resumed():
    async def tale(story: Story) -> None:
        for _ in range(1100):
            story.session._state.outbox.refuse("again", code="x")
        leg, call = story.offer()
        story.say_on(leg, events=2)
        assert "call anew" in call.sent[0]["error"]["message"]

    tell(tale, terms=DEVICE)


def test_resuming_in_the_middle_of_a_session_is_an_error():
    async def tale(story: Story) -> None:
        for _ in range(2):
            story.send("edgevoice.resume", events=1, event_id="e7")
            assert story.last("error")["error"]["event_id"] == "e7"
            story.resume()

    tell(tale, terms=DEVICE)


def test_a_hundred_breaks_leave_nothing_behind():
    async def tale(story: Story) -> None:
        tasks = len(asyncio.all_tasks())
        for number in range(100):
            await story.lose()
            await elapse(0.1)
            assert len(asyncio.all_tasks()) == tasks - 1
            story.resume()
            assert story.kinds == ["edgevoice.resumed"]
            story.session._line.leg.on_audio(0, np.zeros(160, np.int16))
            story.call.received.samples = 160
            assert story.session._line.received.samples == 160 * (number + 1)
        assert len(asyncio.all_tasks()) == tasks

    tell(tale, terms=DEVICE)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=25)
@given(
    st.lists(
        st.one_of(
            st.just("lose"),
            st.tuples(st.just("resume"), st.integers(-1, 60), st.integers(0, 5000)),
            st.tuples(st.sampled_from(sorted(CLIENT_EVENTS)), FIELDS),
        ),
        max_size=20,
    )
)
def test_no_sequence_of_breaks_and_events_breaks_a_session(steps):
    async def tale(story: Story) -> None:
        for step in steps:
            story.engine.words = ["hm"] * 9
            match step:
                case "lose":
                    await story.lose()
                case "resume", missed, heard_ms:
                    events = max(0, story.received - missed) if missed >= 0 else None
                    started = story.all("response.created")
                    response_id = started[-1]["response"]["id"] if started else ""
                    story.resume(response_id, heard_ms, events)
                case kind, fields:
                    story.session.on_message(json.dumps({"type": kind, **fields}))
            story.sound(300, loud=len(story.call.sent) % 2 == 0)
            await elapse(0.3)
        story.resume()
        story.send("conversation.item.retrieve", item_id="still there?", event_id="last")
        assert story.last("error")["error"]["event_id"] == "last"

    tell(tale, terms=DEVICE)


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
        assert story.session._responses.busy

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
