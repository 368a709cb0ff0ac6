"""Responses beside the conversation: several at a time, each by its own name."""

import pytest

from edgevoice.relay.answers.responses import MAX_ASIDES
from edgevoice.relay.engines.engine import Text
from tests.relay.answers.test_speculation import SpeculativeStory
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse


def aside(story: Story, name: str, modality: str = "text", **fields: object) -> None:
    response = {
        "conversation": "none",
        "output_modalities": [modality],
        "metadata": {"name": name},
    }
    story.send("response.create", response=response, **fields)


def names(story: Story, kind: str) -> list[str]:
    return [(event["response"].get("metadata") or {}).get("name", "") for event in story.all(kind)]


def test_they_are_made_beside_an_answer_and_finish_when_they_are_ready():
    async def tale(story: Story) -> None:
        story.engine.answers = [
            [3.0, *spoken("Yes.")],
            [2.0, Text("slow")],
            [1.0, Text("quick")],
        ]
        story.send("response.create")
        await elapse(0)
        aside(story, "slow")
        await elapse(0)
        aside(story, "quick")
        await elapse(6)

    story = tell(tale)
    assert names(story, "response.created") == ["", "slow", "quick"]
    assert names(story, "response.done") == ["quick", "slow", ""]
    assert story.items() == [("assistant", "Yes.")]
    assert story.all("error") == []


def test_there_is_one_active_response_in_the_conversation_and_a_bound_beside_it():
    async def tale(story: Story) -> None:
        story.engine.answers = [[60.0] for _ in range(9)]
        for number in range(MAX_ASIDES + 1):
            aside(story, str(number), event_id=f"e{number}")
        story.send("response.create", event_id="first")
        story.send("response.create", event_id="second")
        await elapse(1)

    story = tell(tale)
    assert len(story.all("response.created")) == MAX_ASIDES + 1
    assert [(e["error"]["code"], e["error"]["event_id"]) for e in story.all("error")] == [
        ("too_many_active_responses", f"e{MAX_ASIDES}"),
        ("conversation_already_has_active_response", "second"),
    ]


@pytest.mark.parametrize("named", ["one", "another", None])
def test_cancel_ends_the_one_that_is_named_or_else_the_conversations(named):
    async def tale(story: Story) -> None:
        story.engine.answers = [[60.0] for _ in range(3)]
        story.send("response.create", response={"metadata": {"name": "answer"}})
        aside(story, "one")
        aside(story, "another")
        await elapse(0.1)
        ids = {e["response"]["metadata"]["name"]: e["response"]["id"] for e in created(story)}
        which = {} if named is None else {"response_id": ids[named]}
        story.send("response.cancel", **which)
        await elapse(0.1)
        assert names(story, "response.done") == [named or "answer"]
        assert story.last("response.done")["response"]["status"] == "cancelled"

    tell(tale)


def created(story: Story) -> list[dict]:
    return story.all("response.created")


def test_without_an_answer_in_the_conversation_cancel_needs_a_name():
    async def tale(story: Story) -> None:
        story.engine.answers = [[60.0]]
        aside(story, "one")
        story.send("response.cancel")
        assert story.last("error")["error"]["code"] == "response_cancel_not_active"
        assert story.all("response.done") == []

    tell(tale)


def test_those_that_sound_take_turns():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken("One."), spoken("Two."), spoken("Three.")]
        for name in ("one", "two", "three"):
            aside(story, name, "audio")
            await elapse(0)
        await elapse(5)

    story = tell(tale)
    started = [e["response_id"] for e in story.all("output_audio_buffer.started")]
    stopped = [e["response_id"] for e in story.all("output_audio_buffer.stopped")]
    assert started == stopped == [e["response"]["id"] for e in created(story)]
    assert story.call.output.log == ["begin", "end"] * 3


def test_what_waits_for_the_voice_does_not_sound_once_the_user_wants_silence():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken("One."), spoken("Two.")]
        aside(story, "one", "audio")
        await elapse(0)
        aside(story, "two", "audio")
        await elapse(0.5)
        story.send("output_audio_buffer.clear")
        await elapse(3)

    story = tell(tale)
    assert story.call.output.log == ["begin", "end", "clear"]
    assert names(story, "response.done") == ["one", "two"]
    assert story.last("response.done")["response"]["status"] == "completed"


def test_a_session_is_busy_while_something_is_made_beside_its_conversation():
    async def tale(story: Story) -> None:
        story.engine.answers = [[90.0, Text("late")]]
        aside(story, "one")
        await elapse(100)

    story = tell(tale)
    assert names(story, "response.done") == ["one"]


def test_they_leave_an_answer_that_was_begun_in_advance_alone():
    async def tale(story: Story) -> None:
        assert isinstance(story, SpeculativeStory)
        story.engine.guesses = ["hello"]
        story.engine.words = ["hello"]
        await story.hear(1000, loud=True)
        await story.hear(400, loud=False)
        aside(story, "one")
        await story.hear(1000, loud=False)
        assert story.used == [True]

    assert names(tell(tale, make=SpeculativeStory), "response.created") == ["one", ""]
