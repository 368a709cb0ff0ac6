"""What each client event does, and how wrong ones are refused."""

import base64

import numpy as np
import pytest

from edgevoice.relay.engines.engine import Text
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse

TEXT = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}


def refusal(story: Story) -> tuple[str | None, str | None]:
    """The code of the last error, and the client event it names."""
    error = story.last("error")["error"]
    return error.get("code"), error.get("event_id")


def at_once(story_events):
    """A story in which everything happens in one instant."""

    async def tale(story: Story) -> None:
        story_events(story)

    return tell(tale)


def manual(story: Story) -> None:
    audio = {"input": {"turn_detection": None}}
    story.send("session.update", session={"type": "realtime", "audio": audio})


def test_session_update_merges_and_echoes_what_is_effective():
    def events(story: Story) -> None:
        vad = {"type": "semantic_vad"}
        audio = {"input": {"turn_detection": vad}, "output": {"voice": "ash"}}
        session = {"type": "realtime", "model": "gpt-x", "instructions": "hm", "audio": audio}
        story.send("session.update", session=session)
        echoed = story.last("session.updated")["session"]
        assert echoed["instructions"] == "hm"
        assert echoed["audio"]["output"]["voice"] == "ash"
        detection = echoed["audio"]["input"]["turn_detection"]
        assert (detection["type"], detection["interrupt_response"]) == ("semantic_vad", True)
        story.send("session.update", session={"type": "realtime", "tracing": "auto"})
        assert story.last("session.updated")["session"]["instructions"] == "hm"

    assert at_once(events).all("error") == []


@pytest.mark.parametrize(("eagerness", "stopped_ms"), [("high", 1400), ("low", 2000)])
def test_eagerness_decides_how_long_a_silence_ends_the_turn(eagerness, stopped_ms):
    def events(story: Story) -> None:
        vad = {"type": "semantic_vad", "eagerness": eagerness}
        session = {"type": "realtime", "audio": {"input": {"turn_detection": vad}}}
        story.send("session.update", session=session)
        story.engine.words.append("")
        story.sound(1000, loud=True)
        story.sound(1500, loud=False)

    stopped = at_once(events).last("input_audio_buffer.speech_stopped")
    assert stopped["audio_end_ms"] == stopped_ms


@pytest.mark.parametrize(
    "session",
    [
        {"type": "transcription"},
        {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "magic"}}}},
        {
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 7}}},
        },
        {
            "type": "realtime",
            "audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 4999}}},
        },
        {"type": "realtime", "tools": "all of them"},
        "quiet",
    ],
)
def test_a_session_that_cannot_be_is_refused_and_changes_nothing(session):
    def events(story: Story) -> None:
        before = story.session._state.settings
        story.send("session.update", event_id="e1", session=session)
        assert refusal(story) == ("invalid_value", "e1")
        assert story.session._state.settings == before

    assert at_once(events).all("session.updated") == []


def test_items_are_created_in_place_retrieved_and_deleted():
    def events(story: Story) -> None:
        story.send("conversation.item.create", item={**TEXT, "id": "b"})
        story.send("conversation.item.create", item={**TEXT, "id": "a"}, previous_item_id="root")
        story.send("conversation.item.create", item={**TEXT, "id": "c"}, previous_item_id="b")
        added = [(e.get("previous_item_id"), e["item"]["id"]) for e in story.all(ADDED)]
        assert added == [(None, "b"), (None, "a"), ("b", "c")]
        story.send("conversation.item.retrieve", item_id="a")
        assert story.last("conversation.item.retrieved")["item"]["content"] == TEXT["content"]
        story.send("conversation.item.delete", item_id="a")
        assert story.last("conversation.item.deleted")["item_id"] == "a"
        story.send("conversation.item.retrieve", item_id="a", event_id="e9")
        assert refusal(story) == ("item_not_found", "e9")
        story.send("conversation.item.delete", item_id="a", event_id="e10")
        assert refusal(story) == ("item_not_found", "e10")

    at_once(events)


ADDED = "conversation.item.added"


@pytest.mark.parametrize(
    "item",
    [
        {"type": "mcp_call", "server_label": "x", "name": "y", "arguments": ""},
        {"type": "hologram"},
        {"type": "message", "role": "user", "content": []},
        {"type": "message", "role": "butler", "content": TEXT["content"]},
        {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": ""}]},
        {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA"}]},
        {**TEXT, "id": "x" * 65},
        {"role": "user"},
        [1, 2],
    ],
)
def test_items_of_no_use_are_refused(item):
    story = at_once(lambda story: story.send("conversation.item.create", event_id="e1", item=item))
    assert refusal(story) == ("invalid_value", "e1")
    assert story.all(ADDED) == []


def test_an_item_after_an_unknown_one_or_twice_is_refused():
    def events(story: Story) -> None:
        story.send("conversation.item.create", item=TEXT, previous_item_id="x", event_id="e1")
        assert refusal(story)[1] == "e1"
        story.send("conversation.item.create", item={**TEXT, "id": "a"})
        story.send("conversation.item.create", item={**TEXT, "id": "a"}, event_id="e2")
        assert refusal(story)[1] == "e2"

    assert len(at_once(events).all(ADDED)) == 1


def test_without_turn_detection_the_client_commits_and_asks():
    async def tale(story: Story) -> None:
        manual(story)
        story.engine.words.append("hello")
        story.sound(1000, loud=True)
        story.sound(2000, loud=False)
        story.events  # noqa: B018
        story.send("input_audio_buffer.commit")
        story.send("response.create")
        assert story.kinds == [
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
        ]
        await elapse(3)
        assert story.items() == [("user", "hello"), ("assistant", "Yes.")]

    story = tell(tale)
    assert len(story.engine.utterances[0].samples) == 3000 * 16
    assert story.all("input_audio_buffer.speech_started") == []


def test_a_commit_of_nothing_is_refused_and_each_sample_is_committed_once():
    async def tale(story: Story) -> None:
        manual(story)
        story.send("input_audio_buffer.commit", event_id="e1")
        assert refusal(story) == ("input_audio_buffer_commit_empty", "e1")
        story.engine.words += ["one", "two"]
        for ms in (300, 400):
            story.sound(ms, loud=True)
            story.send("input_audio_buffer.commit")
        story.send("input_audio_buffer.commit", event_id="e2")
        assert refusal(story) == ("input_audio_buffer_commit_empty", "e2")
        await elapse(1)

    story = tell(tale)
    assert [len(said.samples) // 16 for said in story.engine.utterances] == [300, 400]


@pytest.mark.parametrize(("ms", "answer"), [(95, "error"), (100, "conversation.item.done")])
def test_the_least_that_can_be_committed_is_100_ms(ms, answer):
    async def tale(story: Story) -> None:
        manual(story)
        story.engine.words.append("hm")
        sound = base64.b64encode(bytes(2 * 24 * ms)).decode()
        story.send("input_audio_buffer.append", audio=sound)
        story.send("input_audio_buffer.commit")
        assert story.kinds[-1] == answer

    tell(tale)


def test_clear_forgets_the_turn_in_progress():
    def events(story: Story) -> None:
        story.sound(1000, loud=True)
        story.send("input_audio_buffer.clear")
        story.sound(1000, loud=False)

    story = at_once(events)
    assert story.engine.listeners[0].abandoned
    assert story.all("input_audio_buffer.committed") == []
    assert len(story.all("input_audio_buffer.cleared")) == 1


def test_audio_may_be_appended_to_a_call_without_sound():
    async def tale(story: Story) -> None:
        story.engine.words.append("hello")
        for level in (8000, 0):
            samples = np.full(24_000, level, np.int16).tobytes()
            story.send("input_audio_buffer.append", audio=base64.b64encode(samples).decode())
        await elapse(3)

    story = tell(tale)
    assert story.items() == [("user", "hello"), ("assistant", "Yes.")]


def test_audio_may_not_be_appended_to_a_call_with_sound():
    def events(story: Story) -> None:
        story.sound(20, loud=False)
        story.send("input_audio_buffer.append", audio="AAAA", event_id="e1")

    assert refusal(at_once(events)) == ("invalid_value", "e1")


@pytest.mark.parametrize("audio", ["%%%", "AAA", "AA==", "ä"])
def test_appended_audio_that_is_no_audio_is_refused(audio):
    story = at_once(
        lambda story: story.send("input_audio_buffer.append", audio=audio, event_id="e1")
    )
    assert refusal(story) == ("invalid_value", "e1")


def test_a_second_response_is_refused_while_one_is_active():
    async def tale(story: Story) -> None:
        story.send("response.create")
        story.send("response.create", event_id="e2")
        assert refusal(story) == ("conversation_already_has_active_response", "e2")
        await elapse(2)
        story.send("response.create")
        await elapse(2)

    assert len(tell(tale).all("response.done")) == 2


def test_a_second_answer_is_spoken_after_the_first():
    async def tale(story: Story) -> None:
        for words in ("One.", "Two."):
            story.engine.answers.append(spoken(words, ms=3000))
            story.send("response.create")
            await elapse(0.1)
        await elapse(8)

    story = tell(tale)
    assert story.call.output.log == ["begin", "end", "begin", "end"]
    started = [event["response_id"] for event in story.all("output_audio_buffer.started")]
    assert started == [event["response"]["id"] for event in story.all("response.created")]


def test_metadata_comes_back_and_instructions_hold_for_one_response():
    async def tale(story: Story) -> None:
        story.send("session.update", session={"type": "realtime", "instructions": "always"})
        wanted = {"instructions": "once", "metadata": {"client_event_id": "x"}}
        story.send("response.create", response=wanted)
        await elapse(2)
        story.send("response.create")
        await elapse(2)

    story = tell(tale)
    assert [request.instructions for request in story.engine.requests] == ["once", "always"]
    for kind in ("response.created", "response.done"):
        assert story.all(kind)[0]["response"]["metadata"] == {"client_event_id": "x"}


def test_an_answer_out_of_band_leaves_no_trace_in_the_conversation():
    async def tale(story: Story) -> None:
        story.send("conversation.item.create", item={**TEXT, "id": "a"})
        story.engine.answers = [[Text("greeting")]]
        wanted = {
            "conversation": "none",
            "output_modalities": ["text"],
            "input": [{"type": "item_reference", "id": "a"}, TEXT],
        }
        story.events  # noqa: B018
        story.send("response.create", response=wanted)
        await elapse(0.1)
        assert not any(kind.startswith("conversation.") for kind in story.kinds)

    story = tell(tale)
    assert len(story.engine.requests[0].items) == 2
    assert story.items() == [("user", "hi")]
    done = story.last("response.done")["response"]
    assert done["output"][0]["content"][0]["text"] == "greeting"
    assert "conversation_id" not in done


def test_out_of_band_input_that_names_no_item_is_refused():
    wanted = {"conversation": "none", "input": [{"type": "item_reference", "id": "zz"}]}
    story = at_once(lambda story: story.send("response.create", event_id="e1", response=wanted))
    assert refusal(story) == ("item_not_found", "e1")


def test_cancel_ends_the_making_and_clear_ends_the_sound():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One.", "Two."), 60.0]]
        story.send("response.create")
        await elapse(0.52)
        story.send("response.cancel")
        done = story.last("response.done")["response"]
        assert done["status_details"]["reason"] == "client_cancelled"
        assert story.call.output.log == ["begin", "end"]
        story.send("output_audio_buffer.clear")
        assert story.call.output.log == ["begin", "end", "clear"]
        assert story.kinds[-2:] == ["output_audio_buffer.cleared", "conversation.item.truncated"]
        assert story.items() == [("assistant", "One.")]

    tell(tale)


def test_clear_alone_ends_an_answer_that_is_still_being_made():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One."), 60.0, *spoken("Two.")]]
        story.send("response.create")
        await elapse(0.52)
        story.send("output_audio_buffer.clear")
        assert story.last("response.done")["response"]["status"] == "cancelled"

    assert tell(tale).engine.closed_early == 1


def test_cancelling_nothing_is_an_error_and_harmless():
    story = at_once(lambda story: story.send("response.cancel", event_id="e1"))
    assert refusal(story) == ("response_cancel_not_active", "e1")


def test_clearing_silence_does_nothing():
    story = at_once(lambda story: story.send("output_audio_buffer.clear"))
    assert [event["type"] for event in story.call.sent] == ["session.created"]


@pytest.mark.parametrize("item_id", ["nothing", "a"])
def test_only_spoken_words_can_be_truncated(item_id):
    def events(story: Story) -> None:
        story.send("conversation.item.create", item={**TEXT, "id": "a"})
        story.send(
            "conversation.item.truncate",
            event_id="e1",
            item_id=item_id,
            content_index=0,
            audio_end_ms=100,
        )

    story = at_once(events)
    assert refusal(story) == ("invalid_value", "e1")
    assert story.all("conversation.item.truncated") == []


def test_max_output_tokens_ends_an_answer_as_incomplete():
    async def tale(story: Story) -> None:
        story.engine.answers = [[Text("x" * 400), Text("y" * 400)]]
        wanted = {"output_modalities": ["text"], "max_output_tokens": 50}
        story.send("response.create", response=wanted)
        await elapse(1)

    story = tell(tale)
    done = story.last("response.done")["response"]
    assert done["status"] == "incomplete"
    assert done["status_details"]["reason"] == "max_output_tokens"
    assert story.engine.closed_early == 1


@pytest.mark.parametrize(
    ("start", "end"), [(10, 2), (0, 16_000 * 11), (16_000 * 601, 16_000 * 602)]
)
def test_an_impossible_wake_phrase_is_refused(start, end):
    wake = {"name": "alexa", "start_sample": start, "end_sample": end}
    story = at_once(lambda story: story.send("edgevoice.wake", event_id="e1", **wake))
    assert refusal(story) == ("invalid_value", "e1")


def test_usage_adds_up():
    async def tale(story: Story) -> None:
        story.say("what time is it")
        await elapse(2)

    usage = tell(tale).last("response.done")["response"]["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_token_details"]["audio_tokens"] == 12
    assert usage["output_token_details"]["audio_tokens"] == 20
