"""What the settings of a session may be and become, as its client sees it."""

import pytest

from edgevoice.config import RelayConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.relay.session import CallTerms
from edgevoice.relay.session_settings import initial_settings
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse

TRANSCRIPTION = CallTerms(3600.0, {"type": "transcription"})


def update(story: Story, **session) -> dict:
    """The answer to it."""
    story.send("session.update", session=session, event_id="e1")
    return story.events[-1]


def test_the_voice_stays_once_it_was_heard():
    async def tale(story: Story) -> None:
        story.events  # noqa: B018
        sage, ash = ({"output": {"voice": name}} for name in ("sage", "ash"))
        assert update(story, audio=sage)["session"]["audio"]["output"]["voice"] == "sage"
        story.send("response.create")
        await elapse(3)
        story.events  # noqa: B018
        assert update(story, audio=sage)["type"] == "session.updated"
        error = update(story, audio=ash)["error"]
        assert (error["event_id"], error["code"]) == ("e1", "invalid_value")
        assert "voice" in error["message"]

    tell(tale)


def test_what_is_only_written_leaves_the_voice_open():
    async def tale(story: Story) -> None:
        story.send("response.create", response={"output_modalities": ["text"]})
        await elapse(3)
        story.events  # noqa: B018
        assert update(story, audio={"output": {"voice": "ash"}})["type"] == "session.updated"

    tell(tale)


@pytest.mark.parametrize(
    "session",
    [
        {"type": "transcription"},
        {"type": "opera"},
        {"audio": {"output": {"speed": 1.2}}},
        {"truncation": "sometimes"},
        {"truncation": {"type": "retention_ratio", "retention_ratio": 2}},
    ],
)
def test_what_is_not_done_here_is_refused_and_changes_nothing(session):
    async def tale(story: Story) -> None:
        story.events  # noqa: B018
        assert update(story, **session)["error"]["event_id"] == "e1"
        updated = update(story, instructions="be brief")["session"]
        assert updated["type"] == "realtime"
        assert updated["truncation"] == "auto"

    tell(tale)


def test_what_others_do_with_it_is_kept_and_told():
    async def tale(story: Story) -> None:
        story.events  # noqa: B018
        asked = {
            "prompt": {"id": "pmpt_1", "version": "2"},
            "tracing": {"workflow_name": "kitchen"},
            "include": ["item.input_audio_transcription.logprobs"],
        }
        audio = {"input": {"noise_reduction": {"type": "far_field"}}}
        told = update(story, **asked, audio=audio)["session"]
        assert {key: told[key] for key in asked} == asked
        assert told["audio"]["input"]["noise_reduction"] == {"type": "far_field"}
        assert told["audio"]["input"]["turn_detection"]["interrupt_response"]

    tell(tale)


def test_a_call_cannot_begin_with_what_is_not_done_here():
    for patch in ({"type": "opera"}, {"audio": {"output": {"speed": 0.5}}}):
        with pytest.raises(RemoteProtocolError):
            initial_settings(RelayConfig(engine="parrot"), patch, "sess_1")


def test_where_another_server_answers_it_is_spoken_at_any_speed_and_not_only_heard():
    config = RelayConfig(engine="openai")
    fast = {"audio": {"output": {"speed": 1.5}}}
    assert initial_settings(config, fast, "sess_1").audio.output.speed == 1.5
    with pytest.raises(RemoteProtocolError, match=r"session\.type"):
        initial_settings(config, {"type": "transcription"}, "sess_1")


def test_the_client_is_told_when_its_time_ends():
    async def tale(story: Story) -> None:
        assert story.events[0]["session"]["expires_at"] == 1_700_000_000

    tell(tale, terms=CallTerms(3600.0, {}, expires_at=1_700_000_000))


def test_a_transcription_session_writes_down_and_answers_nothing():
    async def tale(story: Story) -> None:
        session = story.events[0]["session"]
        assert session["type"] == "transcription"
        assert session["object"] == "realtime.transcription_session"
        story.say("a letter to my aunt")
        await elapse(2)
        assert story.kinds == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
        ]
        story.send("response.create", event_id="e1")
        assert story.events[-1]["error"]["event_id"] == "e1"
        assert update(story, type="transcription")["type"] == "session.updated"

    assert tell(tale, terms=TRANSCRIPTION).engine.requests == []


def test_old_words_are_not_read_beyond_the_limit():
    async def tale(story: Story) -> None:
        rule = {"type": "retention_ratio", "retention_ratio": 0.5}
        update(story, truncation={**rule, "token_limits": {"post_instructions": 100}})
        for number in range(10):
            story.engine.answers = [spoken("x" * 36, ms=100)]
            content = [{"type": "input_text", "text": f"{number} " + "y" * 38}]
            item = {"type": "message", "role": "user", "content": content}
            story.send("conversation.item.create", item=item)
            story.send("response.create")
            await elapse(1)
        assert len(story.items()) == 20
        read = story.engine.requests[-1].items
        assert len(read) == 5
        assert read[-1].content[0].text.startswith("9 ")

    tell(tale)
