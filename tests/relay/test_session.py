"""Stories of whole sessions: what the client does, what it sees."""

import asyncio
import gc

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Audio, FunctionCall, Text, Utterance
from edgevoice.relay.session import CallTerms
from edgevoice.relay.turns.wake_phrase import WakePhrase
from tests.relay.story import Story, spoken, tell, tone
from tests.virtual_time import elapse

TEXT_TURN = [
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]

AUDIO_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
]

TOOL_TURN = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]

BARGE_IN = [
    "input_audio_buffer.speech_started",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
    "output_audio_buffer.cleared",
    "conversation.item.truncated",
]


def user_text(text: str) -> dict:
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": text}],
    }


def test_session_created_comes_first_and_shows_the_effective_settings():
    async def tale(story: Story) -> None:
        story.sound(100, loud=False)

    story = tell(tale)
    (created,) = story.call.sent
    assert created["type"] == "session.created"
    detection = created["session"]["audio"]["input"]["turn_detection"]
    assert detection["type"] == "server_vad"
    assert detection["interrupt_response"] is True
    assert created["session"]["model"] == "edgevoice-local"


def test_what_arrives_before_the_channel_opens_is_told_after_session_created():
    async def tale(story: Story) -> None:
        story.say("hello")
        assert story.call.sent == []
        story.session.on_open()
        assert story.kinds[:2] == ["session.created", "input_audio_buffer.speech_started"]

    tell(tale, open_channel=False)


def test_a_text_turn_in_the_documented_order():
    async def tale(story: Story) -> None:
        story.send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
        assert story.kinds == ["session.created", "session.updated"]
        story.engine.answers = [[Text("It is "), Text("four.")]]
        story.send("conversation.item.create", item=user_text("2 + 2?"))
        story.send("response.create")
        await elapse(0.1)
        assert story.kinds == TEXT_TURN
        assert story.last("response.output_text.done")["text"] == "It is four."
        assert story.items() == [("user", "2 + 2?"), ("assistant", "It is four.")]

    story = tell(tale)
    assert story.engine.requests[0].speak is False
    assert story.engine.requests[0].utterance is None
    assert story.call.output.log == []


def test_an_audio_turn_in_the_documented_order():
    async def tale(story: Story) -> None:
        assert story.kinds == ["session.created"]
        story.say("what time is it")
        story.engine.answers = [spoken("Noon.")]
        await elapse(3)
        assert story.kinds == AUDIO_TURN

    story = tell(tale)
    request = story.engine.requests[0]
    assert request.utterance is not None
    assert request.items[-1].id == request.utterance.item_id
    assert story.items() == [("user", "what time is it"), ("assistant", "Noon.")]
    assert story.last("input_audio_buffer.speech_started")["audio_start_ms"] == 0
    assert story.last("input_audio_buffer.speech_stopped")["audio_end_ms"] == 1500


def test_every_event_of_a_turn_is_numbered_and_names_its_item_and_response():
    async def tale(story: Story) -> None:
        story.say("what time is it")
        await elapse(3)

    story = tell(tale)
    ids = [event["event_id"] for event in story.call.sent]
    assert len(set(ids)) == len(ids)
    user, assistant = (event["item"]["id"] for event in story.all("conversation.item.done"))
    assert story.last("input_audio_buffer.speech_started")["item_id"] == user
    response = story.last("response.created")["response"]["id"]
    assert story.last("output_audio_buffer.stopped")["response_id"] == response
    assert story.last("response.content_part.added")["item_id"] == assistant
    added = story.all("conversation.item.added")[1]
    assert added["previous_item_id"] == user


def test_a_tool_turn_in_the_documented_order_and_its_result():
    async def tale(story: Story) -> None:
        story.engine.answers = [[FunctionCall("lamp", '{"on":true}')], spoken("It is on.")]
        story.send("conversation.item.create", item=user_text("light please"))
        story.events  # noqa: B018
        story.send("response.create")
        await elapse(0.1)
        assert story.kinds == TOOL_TURN
        call = story.last("response.function_call_arguments.done")
        assert (call["name"], call["arguments"]) == ("lamp", '{"on":true}')
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "{}"}
        story.send("conversation.item.create", item=output)
        story.send("response.create")
        await elapse(2)

    story = tell(tale)
    assert [item.type for item in story.engine.requests[1].items] == [
        "message",
        "function_call",
        "function_call_output",
    ]
    assert story.last("response.done")["response"]["status"] == "completed"


def test_barge_in_in_order_and_unheard_words_leave_the_conversation():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One.", "Two.", "Three."), 60.0]]
        story.say("count")
        await elapse(1.62)  # 0.1 recognition, 0.02 to the first packet
        story.events  # noqa: B018
        story.sound(200, loud=True)
        assert story.kinds == BARGE_IN
        assert story.call.output.log == ["begin", "clear"]
        done = story.last("response.done")["response"]
        assert done["status"] == "cancelled"
        assert done["status_details"]["reason"] == "turn_detected"
        assert done["output"][0]["status"] == "incomplete"
        assert story.last("conversation.item.truncated")["audio_end_ms"] == 1500
        assert story.items() == [("user", "count"), ("assistant", "One.Two.")]
        await asyncio.sleep(0)

    story = tell(tale)
    assert story.engine.closed_early == 1


def test_barge_in_after_response_done_still_truncates():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken("One.", "Two.", "Three.")]
        story.say("count")
        await elapse(0.72)
        assert story.last("response.done")["response"]["status"] == "completed"
        story.events  # noqa: B018
        story.sound(200, loud=True)
        assert story.kinds == [
            "input_audio_buffer.speech_started",
            "output_audio_buffer.cleared",
            "conversation.item.truncated",
        ]
        assert story.items() == [("user", "count"), ("assistant", "One.")]

    tell(tale)


def test_unheard_words_never_reach_the_next_request():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One.", "Secret."), 60.0], spoken("Yes.")]
        story.say("count")
        await elapse(0.52)
        story.say("stop", ms=400)
        await elapse(1)

    story = tell(tale)
    items = story.engine.requests[1].items
    words = [part.words for item in items for part in item.content]
    assert words == ["count", "One.", "stop"]


def test_the_device_may_shorten_what_was_heard_but_never_lengthen_it():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One.", "Two.", "Three."), 60.0]]
        story.say("count")
        await elapse(1.62)
        story.sound(200, loud=True)
        item = story.last("conversation.item.truncated")["item_id"]
        story.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=99_000)
        assert story.last("conversation.item.truncated")["audio_end_ms"] == 1500
        story.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=700)
        assert story.last("conversation.item.truncated")["audio_end_ms"] == 700
        assert story.items()[-1] == ("assistant", "One.")

    tell(tale)


def test_without_interrupt_response_an_answer_is_spoken_to_its_end():
    async def tale(story: Story) -> None:
        detection = {"type": "server_vad", "interrupt_response": False}
        audio = {"input": {"turn_detection": detection}}
        story.send("session.update", session={"type": "realtime", "audio": audio})
        story.engine.answers = [[*spoken("One.", "Two."), 2.0], spoken("Also.")]
        story.say("count")
        await elapse(0.5)
        story.say("and more")
        await elapse(10)

    story = tell(tale)
    assert story.call.output.log == ["begin", "end", "begin", "end"]
    assert [event["response"]["status"] for event in story.all("response.done")] == [
        "completed",
        "completed",
    ]
    assert story.all("error") == []


def test_an_answer_beside_the_conversation_is_silenced_and_goes_on_as_text():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One."), 1.0, *spoken("Two.")], spoken("Yes.")]
        story.send("response.create", response={"conversation": "none"})
        await elapse(0.5)
        story.say("hello")
        await elapse(5)

    story = tell(tale)
    answer, aside = story.all("response.done")
    assert aside["response"]["status"] == "completed"
    assert aside["response"]["output"][0]["content"][0]["transcript"] == "One."
    assert story.items() == [("user", "hello"), ("assistant", "Yes.")]
    assert answer["response"]["status"] == "completed"
    assert story.call.output.log == ["begin", "clear", "begin", "end"]


def test_an_empty_transcript_gets_no_answer_and_the_client_is_told():
    async def tale(story: Story) -> None:
        story.say("")
        await elapse(1)

    story = tell(tale)
    done = story.last("conversation.item.input_audio_transcription.completed")
    assert done["transcript"] == ""
    assert story.all("response.created") == []
    assert story.engine.requests == []


def test_a_cough_before_the_answer_was_heard_does_not_lose_the_question():
    async def tale(story: Story) -> None:
        story.engine.answers = [[1.0, *spoken("Lost.")], spoken("Noon.")]
        story.say("what time is it")
        await elapse(0.5)
        story.say("", ms=200)
        await elapse(3)

    story = tell(tale)
    assert story.items() == [("user", "what time is it"), ("assistant", "Noon.")]


def test_a_sentence_spoken_in_two_breaths_gets_one_answer():
    async def tale(story: Story) -> None:
        story.engine.recognition_s = 0.5
        story.say("turn on")
        await elapse(0.2)
        story.engine.words.append("the lamp")
        await story.speak(1000)
        story.sound(600, loud=False)
        await elapse(3)

    story = tell(tale)
    assert len(story.engine.requests) == 1
    assert story.items() == [("user", "turn on"), ("user", "the lamp"), ("assistant", "Yes.")]


def test_create_response_false_leaves_the_answer_to_the_client():
    async def tale(story: Story) -> None:
        detection = {"type": "server_vad", "create_response": False}
        audio = {"input": {"turn_detection": detection}}
        story.send("session.update", session={"type": "realtime", "audio": audio})
        story.say("hello")
        await elapse(1)
        assert story.all("response.created") == []
        story.send("response.create")
        await elapse(2)
        assert story.last("response.done")["response"]["status"] == "completed"

    tell(tale)


def test_a_turn_is_answered_though_the_client_turns_deaf_right_after_it():
    async def tale(story: Story) -> None:
        story.say("hello")
        audio = {"input": {"turn_detection": None}}
        story.send("session.update", session={"type": "realtime", "audio": audio})
        await elapse(0.5)
        story.sound(1000, loud=True)  # the answer itself, heard through the microphone
        await elapse(2)
        assert story.items() == [("user", "hello"), ("assistant", "Yes.")]
        story.send("input_audio_buffer.clear")
        audio = {"input": {"turn_detection": {"type": "server_vad"}}}
        story.send("session.update", session={"type": "realtime", "audio": audio})
        story.sound(600, loud=False)
        story.say("and now")
        await elapse(2)

    story = tell(tale)
    assert [len(said.samples) // 16 for said in story.engine.utterances] == [1200, 1500]


def test_an_engine_that_fails_to_answer_is_a_failed_response_and_the_session_goes_on():
    async def tale(story: Story) -> None:
        story.engine.answers = [[Text("Well"), Audio(tone(100)), EngineError("no model")]]
        story.say("hello")
        await elapse(1)
        failed = story.last("response.done")["response"]
        assert failed["status"] == "failed"
        assert failed["status_details"]["error"]["message"] == "no model"
        assert failed["output"][0]["status"] == "incomplete"
        story.say("again")
        await elapse(2)
        assert story.last("response.done")["response"]["status"] == "completed"

    tell(tale)


def test_an_engine_that_fails_to_recognise_is_told_twice_and_the_session_goes_on():
    async def tale(story: Story) -> None:
        story.say(EngineError("deaf"))
        await elapse(1)
        failed = story.last("conversation.item.input_audio_transcription.failed")
        assert failed["error"]["message"] == "deaf"
        assert story.last("response.done")["response"]["status"] == "failed"
        story.say("again")
        await elapse(2)
        assert story.last("response.done")["response"]["status"] == "completed"

    tell(tale)


def test_stable_words_are_told_as_soon_as_the_turn_is_committed():
    async def tale(story: Story) -> None:
        story.engine.words.append("what time is it")
        story.sound(1000, loud=True)
        story.engine.listeners[0].on_partial("what time")
        assert "transcription.delta" not in "".join(story.kinds)
        story.sound(600, loud=False)
        await elapse(1)

    story = tell(tale)
    deltas = story.all("conversation.item.input_audio_transcription.delta")
    assert [event["delta"] for event in deltas] == ["what time", " is it"]


def test_a_client_that_wants_no_transcripts_gets_none_and_is_understood_all_the_same():
    async def tale(story: Story) -> None:
        audio = {"input": {"transcription": None}}
        story.send("session.update", session={"type": "realtime", "audio": audio})
        story.say("hello")
        await elapse(2)
        assert story.items() == [("user", "hello"), ("assistant", "Yes.")]

    story = tell(tale)
    assert not any("transcription" in event["type"] for event in story.call.sent)


def test_the_listener_is_told_of_the_pause_with_exactly_the_utterance_heard():
    async def tale(story: Story) -> None:
        story.say("hello")
        await elapse(1)

    story = tell(tale)
    listener, utterance = story.engine.listeners[0], story.engine.utterances[0]
    assert listener.pauses == [len(utterance.samples)]
    assert len(utterance.samples) == 1200 * 16


def test_a_command_in_one_breath_with_the_wake_word_is_sent_whole_with_its_name():
    async def tale(story: Story) -> None:
        story.sound(200, loud=False)
        story.say("what time is it", ms=2000)
        await elapse(1)

    wake = WakePhrase("alexa", 200 * 16, 900 * 16)
    story = tell(tale, terms=CallTerms(3600.0, {}, wake))
    utterance = story.engine.utterances[0]
    assert utterance.wake_name == "alexa"
    assert len(utterance.samples) == 2200 * 16


def test_the_wake_word_alone_is_not_a_turn():
    async def tale(story: Story) -> None:
        story.sound(1000, loud=True)
        story.sound(2000, loud=False)
        await elapse(1)

    story = tell(tale, terms=CallTerms(3600.0, {}, WakePhrase("alexa", 0, 900 * 16)))
    assert [event["type"] for event in story.call.sent] == ["session.created"]


def test_a_wake_word_told_during_a_turn_names_the_turn():
    async def tale(story: Story) -> None:
        story.sound(500, loud=False)
        story.sound(600, loud=True)
        story.send("edgevoice.wake", name="alexa", start_sample=8000, end_sample=17000)
        story.say("next song")
        await elapse(1)

    story = tell(tale, terms=CallTerms(3600.0, {}, extensions=True))
    (utterance,) = story.engine.utterances
    assert utterance.wake_name == "alexa"
    assert len(utterance.samples) == (600 + 1000 + 200) * 16
    assert story.engine.listeners[0].abandoned
    assert len(story.all("input_audio_buffer.speech_started")) == 1


def test_a_burst_gives_the_same_utterances_as_real_time():
    async def burst(story: Story) -> None:
        story.sound(700, loud=False)
        for words in ("one", "two"):
            story.say(words)
        await elapse(1)

    async def live(story: Story) -> None:
        story.sound(700, loud=False)
        for words in ("one", "two"):
            story.engine.words.append(words)
            await story.speak(1000)
            for _ in range(30):
                story.sound(20, loud=False)
                await elapse(0.02)
        await elapse(1)

    def lengths(story: Story) -> list[int]:
        return [len(utterance.samples) for utterance in story.engine.utterances]

    assert lengths(tell(burst)) == lengths(tell(live)) == [1500 * 16, 1500 * 16]


def test_a_hole_in_the_stream_is_silence():
    async def tale(story: Story) -> None:
        story.engine.words.append("hello")
        story.sound(1000, loud=True)
        story.position += 16_000 * 3600
        story.sound(20, loud=False)
        await elapse(1)

    story = tell(tale)
    assert len(story.engine.utterances) == 1
    assert story.last("input_audio_buffer.speech_stopped")["audio_end_ms"] == 1500


def test_samples_that_come_twice_are_heard_once():
    async def tale(story: Story) -> None:
        story.say("hello")
        story.position -= 16_000
        story.sound(1000, loud=True)
        story.sound(600, loud=False)
        await elapse(1)

    assert len(tell(tale).engine.utterances) == 1


def test_an_edgevoice_device_learns_what_arrived_when_a_turn_and_an_answer_end():
    async def tale(story: Story) -> None:
        story.say("hello")
        story.call.received.samples = 25_600
        await elapse(3)

    story = tell(tale, terms=CallTerms(3600.0, {}, extensions=True))
    kinds = [event["type"] for event in story.call.sent]
    assert kinds[kinds.index("input_audio_buffer.speech_stopped") + 1] == "edgevoice.received"
    assert kinds[kinds.index("output_audio_buffer.stopped") + 1] == "edgevoice.received"
    assert story.last("edgevoice.received")["samples"] == 25_600


def test_other_clients_see_none_of_our_extensions():
    async def tale(story: Story) -> None:
        story.engine.answers = [[*spoken("One.", "Two."), 60.0]]
        story.say("count")
        await elapse(0.5)
        story.sound(200, loud=True)

    story = tell(tale)
    assert not any(event["type"].startswith("edgevoice.") for event in story.call.sent)
    assert "heard_text" not in story.last("conversation.item.truncated")


def test_a_long_answer_waits_for_its_listener():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken(*["More."] * 100)]
        story.say("tell me a story")
        await elapse(10)
        assert len(story.all("response.output_audio_transcript.delta")) < 35
        await elapse(120)

    story = tell(tale)
    assert len(story.all("response.output_audio_transcript.delta")) == 100
    assert len(story.all("output_audio_buffer.stopped")) == 1


def on_standby(tale) -> list[str]:
    """Whether and when it was used; a session that is not is not counted."""
    woken: list[str] = []

    async def whole(story: Story) -> None:
        story.session.on_woken = lambda: woken.append("woken")
        await tale(story, woken)

    tell(whole, terms=CallTerms(3600.0, {}, extensions=True, standby=True))
    return woken


def test_a_mistake_on_standby_neither_ends_it_nor_makes_what_follows_free():
    async def tale(story: Story, woken: list[str]) -> None:
        story.send("response.cancel", response_id=7)
        assert story.kinds[-1] == "error"
        await elapse(1_000)
        assert woken == []
        story.say("hello")
        await elapse(1)

    assert on_standby(tale) == ["woken"]


def test_who_comes_back_on_standby_is_on_standby_still():
    async def tale(story: Story, woken: list[str]) -> None:
        await story.lose()
        story.resume()
        await elapse(1_000)
        assert woken == [] and story.session.is_running
        story.sound(100, loud=False)

    assert on_standby(tale) == ["woken"]


def test_a_truncation_that_is_refused_cuts_nothing():
    async def tale(story: Story) -> None:
        story.engine.answers = [spoken("One.", " Two.", " Three.")]
        story.say("count")
        await elapse(1.5)
        item = story.last("conversation.item.added")["item"]["id"]
        story.send("conversation.item.truncate", item_id=item, content_index=7, audio_end_ms=0)
        assert story.last("error")["error"]["code"] == "invalid_value"
        story.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=1_500)
        assert story.last("conversation.item.truncated")["audio_end_ms"] > 0

    tell(tale)


def test_of_what_was_said_only_the_last_turn_is_kept_as_sound():
    """An answer is remembered for as long as its words are, which may be an hour."""

    def alive() -> list[Utterance]:
        gc.collect()
        return [kept for kept in gc.get_objects() if type(kept) is Utterance]

    async def tale(story: Story) -> None:
        before = len(alive())
        for _ in range(5):
            story.say("hello")
            await elapse(5)
        for kept in (story.engine.requests, story.engine.utterances, story.engine.listeners):
            kept.clear()
        assert len(alive()) - before <= 1

    tell(tale)
