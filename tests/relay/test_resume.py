"""Stories of sessions whose transport breaks, and of devices that come back."""

import asyncio
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.config import LimitsConfig, RelayConfig
from edgevoice.realtime.wire import CLIENT_EVENTS
from edgevoice.relay.carrying.line import TAKE_OVER_S
from edgevoice.relay.patience import CONNECT_S
from edgevoice.relay.session import CallTerms
from tests.relay.story import DEVICE, Story, spoken, tell, user_text
from tests.relay.test_hostile_events import FIELDS
from tests.virtual_time import elapse

HOLD_S = LimitsConfig().hold_s


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


def test_coming_back_is_a_sign_of_life():
    async def tale(story: Story) -> None:
        await elapse(4)
        await story.lose()
        story.resume()
        await elapse(4)
        assert story.session.may_resume
        await elapse(1.1)

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
        assert story.session._brain.position == 0
        story.say_on(leg, events=story.received)
        await elapse(0.01)
        assert old._closed.is_set()
        said = len(old.sent)
        first.on_message('{"type":"input_audio_buffer.clear"}')
        first.on_audio(0, np.zeros(160, np.int16))
        assert len(old.sent) == said
        assert story.session._brain.position == 0
        assert [event["type"] for event in new.sent] == ["edgevoice.resumed"]

    assert tell(tale, terms=DEVICE).resumed == [0.0]


def test_a_transport_that_never_opens_changes_nothing():
    async def tale(story: Story) -> None:
        await elapse(20)
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


def test_nobody_else_can_ask_for_it():
    async def tale(story: Story) -> None:
        story.send("edgevoice.resume", events=1, event_id="e7")
        assert story.last("error")["error"]["event_id"] == "e7"

    tell(tale)


def test_a_hundred_breaks_leave_nothing_behind():
    async def tale(story: Story) -> None:
        await elapse(0.1)
        tasks = len(asyncio.all_tasks())
        for number in range(100):
            await story.lose()
            await elapse(0.1)
            assert len(asyncio.all_tasks()) == tasks - 1
            story.resume()
            assert story.kinds == ["edgevoice.resumed"]
            story.session._line.leg.on_audio(0, np.zeros(160, np.int16))
            story.call.received.samples = 160
            story.call.received.packets = 2
            assert story.session._line.received.samples == 160 * (number + 1)
        assert len(asyncio.all_tasks()) == tasks
        assert story.session._line.received.packets == 200

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
