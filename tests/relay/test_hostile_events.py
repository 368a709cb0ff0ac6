"""Whatever a client sends, the session lives, or ends on purpose. None lasts for ever."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.config import LimitsConfig, RelayConfig
from edgevoice.realtime.wire import CLIENT_EVENTS
from edgevoice.relay.session import CallTerms
from edgevoice.relay.turns.user_turns import MAX_RECOGNISING
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
NAMES = """event_id session item item_id response audio audio_end_ms content_index response_id
    previous_item_id name start_sample end_sample"""
FIELDS = st.dictionaries(st.sampled_from(NAMES.split()), JSON, max_size=5)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type": 7}',
        "[" * 100_000,
        '{"type":"response.create","response":' + "[" * 5000,
        '{"type":"session.update","session":{"x":' + '{"x":' * 100 + "1" + "}" * 102,
        '{"type":"input_audio_buffer.append","audio":"' + "A" * 300_000 + '"}',
        '{"type":"conversation.item.truncate","item_id":"a","content_index":NaN}',
        '{"type":"conversation.item.retrieve","item_id":"\\ud800"}',
        "\udc80",
    ],
)
@pytest.mark.fault("hostile-events")
def test_a_message_that_is_no_event_is_answered_with_an_error(message):
    async def tale(story: Story) -> None:
        story.session.on_message(message)
        assert story.last("error")["error"]["type"] == "invalid_request_error"
        story.send("session.update", session={"type": "realtime"})
        assert story.kinds[-1] == "session.updated"

    tell(tale)


def test_an_unknown_event_is_refused_by_name():
    async def tale(story: Story) -> None:
        story.send("session.reboot", event_id="e1")
        error = story.last("error")["error"]
        assert "session.reboot" in error["message"]
        assert error["event_id"] == "e1"

    tell(tale)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(sorted(CLIENT_EVENTS)), FIELDS), max_size=25))
@pytest.mark.fault("hostile-events")
def test_no_sequence_of_events_breaks_a_session(events):
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One."), 1.0] for _ in events]
        for number, (kind, fields) in enumerate(events):
            story.engine.words = ["hm"] * 9
            story.session.on_message(json.dumps({"type": kind, **fields}))
            story.sound(300, loud=number % 2 == 0)
            await elapse(0.2)
        await elapse(5)
        story.send("conversation.item.retrieve", item_id="still there?", event_id="last")
        assert story.last("error")["error"]["event_id"] == "last"

    story = tell(tale)
    created = [event["response"]["id"] for event in story.all("response.created")]
    done = [event["response"]["id"] for event in story.all("response.done")]
    assert created == done or created[:-1] == done


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            ["say", "cough", "talk", "wait", "long", "create", "cancel", "clear", "commit", "drop"]
        ),
        max_size=30,
    )
)
def test_whatever_is_opened_is_closed(steps):
    """Over all histories: items and responses end, one response at a time, nothing sent twice."""

    async def tale(story: Story) -> None:
        for step in steps:
            story.engine.answers = [[0.3, *spoken("One.", "Two."), 0.3]]
            story.engine.words = [""] * 9 if step == "cough" else ["words"] * 9
            match step:
                case "say":
                    story.sound(400, loud=True)
                    story.sound(600, loud=False)
                case "cough":
                    story.sound(200, loud=True)
                    story.sound(600, loud=False)
                case "talk":
                    story.sound(300, loud=True)
                case "wait" | "long":
                    await elapse(0.25 if step == "wait" else 4.0)
                case "create" | "cancel":
                    story.send(f"response.{step}")
                case "clear":
                    story.send("output_audio_buffer.clear")
                case "commit":
                    story.send("input_audio_buffer.commit")
                case "drop":
                    story.send("input_audio_buffer.clear")
        story.engine.words = ["words"] * 9
        story.sound(600, loud=False)
        await elapse(20)

    story = tell(tale, config=RelayConfig(limits=LimitsConfig(idle_s=3000)))
    active, open_items, sounding = None, set(), None
    for event in story.call.sent:
        match event["type"]:
            case "response.created":
                assert active is None
                active = event["response"]["id"]
            case "response.done":
                assert event["response"]["id"] == active
                assert not open_items
                active = None
            case "response.output_item.added":
                open_items.add(event["item"]["id"])
            case "response.output_item.done":
                open_items.remove(event["item"]["id"])
            case "output_audio_buffer.started":
                assert sounding is None
                sounding = event["response_id"]
            case "output_audio_buffer.stopped" | "output_audio_buffer.cleared":
                assert sounding in (None, event["response_id"])
                sounding = None
    assert active is None
    assert sounding is None


@pytest.mark.fault("hostile-events")
def test_a_flood_of_events_is_dropped_told_once_and_ends_the_session(measured):
    async def tale(story: Story) -> None:
        for number in range(1000):
            story.send("input_audio_buffer.clear", event_id=f"e{number}")
        assert len(story.all("input_audio_buffer.cleared")) == 400
        (error,) = story.all("error")
        assert error["error"]["event_id"] == "e400"
        for _ in range(1000):
            story.send("input_audio_buffer.clear")

    assert tell(tale).reason == "too many events"
    measured("2,000 events at once: 400 obeyed, one error, hung up with `too many events`")


def test_a_flood_of_turns_leaves_the_engine_to_others():
    async def tale(story: Story) -> None:
        story.engine.recognition_s, story.engine.words = 1.0, ["hm"] * 50
        for _ in range(50):
            story.sound(200, loud=True)
            story.send("input_audio_buffer.commit")
        await elapse(0.5)
        assert len(story.engine.utterances) == MAX_RECOGNISING
        assert len(story.all("conversation.item.input_audio_transcription.failed")) == 42
        await elapse(1)
        story.sound(200, loud=True)
        story.send("input_audio_buffer.commit")
        await elapse(2)

    done = tell(tale).all("conversation.item.input_audio_transcription.completed")
    assert len(done) == MAX_RECOGNISING + 1


def test_events_at_a_decent_rate_are_all_obeyed():
    async def tale(story: Story) -> None:
        for _ in range(1000):
            story.send("input_audio_buffer.clear")
            await elapse(0.01)

    assert len(tell(tale).all("input_audio_buffer.cleared")) == 1000


@pytest.mark.fault("runaway-session")
def test_silence_ends_a_session_though_frames_keep_coming():
    async def tale(story: Story) -> None:
        for _ in range(130):
            story.sound(1000, loud=False)
            await elapse(1)
            if story.session._reason:
                break

    story = tell(tale, config=RelayConfig(limits=LimitsConfig(idle_s=60)))
    assert story.reason == "idle"
    assert story.last("error")["error"]["code"] == "session_expired"


def test_a_long_answer_is_not_idleness():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken("A long story.", ms=200_000)]
        story.send("response.create")
        await elapse(190)
        assert story.session._reason == ""

    tell(tale, config=RelayConfig(limits=LimitsConfig(idle_s=60)))


@pytest.mark.fault("runaway-session")
def test_a_session_ends_after_its_time_whatever_happens_in_it():
    async def tale(story: Story) -> None:
        for _ in range(100):
            story.say("hello")
            await elapse(5)
            if story.session._reason:
                break

    story = tell(tale, terms=CallTerms(session_s=300.0, patch={}))
    assert story.reason == "session too long"


def test_a_call_that_never_connects_is_given_up():
    async def tale(story: Story) -> None:
        await elapse(20)

    assert tell(tale, open_channel=False).reason == "never connected"
