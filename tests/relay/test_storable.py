"""Items that a client writes: sound among them, and what nobody here understands."""

import base64

import pytest

from edgevoice.errors import EngineError
from tests.relay.socket_client import pcm
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse


def sound(data: bytes, **part) -> dict:
    audio = base64.b64encode(data).decode()
    content = [{"type": "input_audio", "audio": audio, **part}]
    return {"type": "message", "role": "user", "content": content, "id": "item_s"}


def test_sound_is_written_down_and_answered_when_it_is():
    async def tale(story: Story) -> None:
        story.engine.words = ["what time is it"]
        story.events  # noqa: B018
        story.send("conversation.item.create", item=sound(pcm(8_000, 1_500)))
        story.send("conversation.item.retrieve", item_id="item_s")
        story.send("response.create")
        await elapse(3)
        kinds = story.kinds
        assert kinds[:4] == [
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.retrieved",
            "response.created",
        ]
        added = story.all("conversation.item.added")[0]["item"]
        assert added["content"] == [{"type": "input_audio", "transcript": ""}]
        written = story.last("conversation.item.input_audio_transcription.completed")
        assert (written["item_id"], written["transcript"]) == ("item_s", "what time is it")
        assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]
        (request,) = story.engine.requests
        assert request.utterance.item_id == "item_s"
        assert len(request.utterance.samples) == 1_500 * 16
        assert not any(
            "audio" in part for part in story.all("conversation.item.added")[0]["item"]["content"]
        )

    tell(tale)


def test_sound_that_nobody_understands_is_told():
    async def tale(story: Story) -> None:
        story.engine.words = [EngineError("deaf")]
        story.send("conversation.item.create", item=sound(pcm(8_000, 500)))
        await elapse(1)
        failed = story.last("conversation.item.input_audio_transcription.failed")
        assert failed["item_id"] == "item_s"

    tell(tale)


def test_whoever_says_what_was_said_is_believed():
    async def tale(story: Story) -> None:
        item = sound(pcm(8_000, 500), transcript="hello")
        story.send("conversation.item.create", item=item)
        await elapse(1)
        assert story.items() == [("user", "hello")]
        assert story.engine.listeners == []

    tell(tale)


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (sound(b""), "no sound"),
        (sound(b"odd"), "half a sample"),
        (sound(pcm(0, 61_000)), "60 s"),
        ({**sound(pcm(0, 100)), "role": "assistant"}, "without words"),
        (
            {**sound(b""), "content": [{"type": "input_image", "image_url": "data:..."}]},
            "nobody sees here",
        ),
        (
            {**sound(b""), "content": 2 * sound(pcm(0, 100))["content"]},
            "the only part",
        ),
    ],
)
def test_what_cannot_be_heard_is_refused(item, why):
    async def tale(story: Story) -> None:
        story.session._event_bytes = 10_000_000
        story.send("conversation.item.create", item=item, event_id="e1")
        error = story.last("error")["error"]
        assert error["event_id"] == "e1"
        assert why in error["message"]
        assert story.items() == []

    tell(tale)


def test_many_sounds_at_once_are_not_all_recognised():
    async def tale(story: Story) -> None:
        story.engine.words = ["hm"] * 20
        for number in range(20):
            story.send("conversation.item.create", item={**sound(pcm(1, 100)), "id": f"i{number}"})
        await elapse(5)
        assert len(story.all("conversation.item.input_audio_transcription.completed")) == 8
        assert len(story.all("conversation.item.input_audio_transcription.failed")) == 12

    tell(tale)


def test_a_tool_that_is_forced_is_called():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken("Yes.")]
        tools = [{"type": "function", "name": "lamp", "parameters": {}}]
        choice = {"type": "function", "name": "lamp"}
        story.send("response.create", response={"tools": tools, "tool_choice": choice})
        await elapse(1)
        assert story.engine.requests[0].tool_choice == choice

    tell(tale)
