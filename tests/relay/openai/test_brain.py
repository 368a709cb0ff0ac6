"""A session that thinks at a server behind the relay: what the client sees, and what the server."""

import base64
from pathlib import Path

import numpy as np
import pytest

from edgevoice.relay.session import CallTerms
from edgevoice.relay.turns.wake_phrase import WakePhrase
from tests.openai_server.answering import Behaviour
from tests.relay.openai.talk import Talk, talk
from tests.relay.story import DEVICE, user_text
from tests.virtual_time import elapse

SPOKEN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.completed",
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
    "rate_limits.updated",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
]
PLAIN = CallTerms(session_s=3600.0, patch={})
MANUAL = CallTerms(3600.0, {"audio": {"input": {"turn_detection": None}}})
LOUD = 1_000


def loud_ms(samples: np.ndarray) -> int:
    """From the first loud sample to the last one, at 24 kHz."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > LOUD)
    return int(loud[-1] - loud[0]) // 24 if len(loud) else 0


async def test_a_question_is_answered_by_the_server_and_played_here(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=1.0), PLAIN) as story:
        await story.ask()
        assert story.kinds == ["session.created", *SPOKEN]
        assert story.items() == [("user", "what time is it"), ("assistant", "It is late. ")]
        assert sum(map(len, story.call.output.played)) == 24_000
        assert story.call.output.log == ["begin", "end"]
        assert story.last("response.done")["response"]["usage"]["total_tokens"] == 150
        assert story.server.violations == []
        assert (story.session.turns, story.session.responses) == (1, 1)


async def test_a_device_is_told_what_has_arrived(tmp_path: Path) -> None:
    async with talk(tmp_path) as story:
        await story.ask()
        assert story.events[0]["type"] == "session.created"
        kinds = [event["type"] for event in story.call.sent]
        assert kinds[kinds.index("output_audio_buffer.stopped") - 1] == "edgevoice.received"


async def test_the_whole_utterance_reaches_the_server_at_its_own_rate(tmp_path: Path) -> None:
    async with talk(tmp_path) as story:
        await story.ask()
        assert abs(loud_ms(story.heard_there()) - 800) <= 2


async def test_what_is_said_while_the_server_is_called_is_not_lost(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(opens_after_s=2.0)) as story:
        await story.ask()
        assert abs(loud_ms(story.heard_there()) - 800) <= 2


async def test_the_conversation_has_our_name(tmp_path: Path) -> None:
    async with talk(tmp_path) as story:
        await story.ask()
        named = story.last("response.done")["response"]["conversation_id"]
        assert named == story.session.conversation.id != "conv_1"


async def test_who_interrupts_leaves_no_unheard_words_here_or_there(tmp_path: Path) -> None:
    long = Behaviour(answer_s=4.0, answer="one two three four")
    async with talk(tmp_path, long, PLAIN) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        await elapse(1.5)
        assert story.events[-1]["type"] == "output_audio_buffer.started"
        await story.speak(400)
        kinds = story.kinds
        assert kinds[:3] == [
            "input_audio_buffer.speech_started",
            "output_audio_buffer.cleared",
            "conversation.item.truncated",
        ]
        (item_id, heard_ms), *_ = story.there.truncated.items()
        assert 1_400 <= heard_ms <= 1_700
        assert story.last("conversation.item.truncated")["item_id"] == item_id
        assert story.items()[1] == ("assistant", "one two ")
        assert story.there.items[item_id]["content"][0]["transcript"] is None
        await story.until("output_audio_buffer.stopped")
        assert story.items()[1:] == [
            ("assistant", "one two "),
            ("user", "what time is it"),
            ("assistant", "one two three four "),
        ]


async def test_a_server_that_names_no_conversation_is_followed_all_the_same(
    tmp_path: Path,
) -> None:
    odd = Behaviour(answer_s=4.0, answer="one two three four", names_conversation=False)
    async with talk(tmp_path, odd, PLAIN, stall_s=2.0) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        await elapse(1.5)
        await story.speak(400)
        assert story.items()[1] == ("assistant", "one two ")
        await story.until("output_audio_buffer.stopped")
        assert story.engine.requests == []


async def test_who_interrupts_an_answer_in_the_making_ends_it(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=4.0, make_s=3.0), PLAIN) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        await elapse(1.0)
        await story.speak(400, quiet_ms=100)
        done = story.last("response.done")["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "turn_detected")
        assert len(story.there.truncated) == 1
        assert not story.all("error")


async def test_the_client_silences_an_answer(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=4.0, make_s=2.0), PLAIN) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        await elapse(0.5)
        story.send("response.cancel")
        story.send("output_audio_buffer.clear")
        await elapse(0.5)
        assert story.last("response.done")["response"]["status"] == "cancelled"
        assert story.all("output_audio_buffer.cleared")
        (heard_ms,) = story.there.truncated.values()
        assert 400 <= heard_ms <= 700
        assert story.call.output.log[-1] == "clear"
        assert not story.session._brain.busy
        assert not story.all("error")


async def test_the_client_knows_better_what_it_has_played(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=3.0), PLAIN) as story:
        await story.ask()
        item_id = story.last("response.done")["response"]["output"][0]["id"]
        cut = {"item_id": item_id, "content_index": 0}
        story.send("conversation.item.truncate", audio_end_ms=900, **cut)
        await elapse(0.2)
        assert story.there.truncated == {item_id: 900}
        assert story.items()[-1] == ("assistant", "It ")
        story.send("conversation.item.truncate", audio_end_ms=9_000, **cut, event_id="e")
        await elapse(0.2)
        assert story.there.truncated == {item_id: 900}
        assert story.last("error")["error"]["event_id"] == "e"


async def test_the_model_is_the_owners_and_so_is_what_acts_in_the_account(tmp_path: Path) -> None:
    async with talk(tmp_path, instructions="Be brief.", voice="marin", model="m-1") as story:
        story.send("session.update", session={"type": "realtime", "model": "dear"})
        story.send("session.update", session={"type": "realtime", "tracing": "auto"})
        story.send("session.update", session={"prompt": {"id": "x"}, "instructions": "Rhyme."})
        await elapse(0.2)
        updates = [event["session"] for event in story.received_there("session.update")]
        assert story.server.seen[-1].path == "/v1/realtime?model=m-1"
        assert updates[0]["audio"]["output"] == {"voice": "marin"}
        assert [update["instructions"] for update in updates] == ["Be brief.", "Rhyme."]
        assert not any("model" in update or "prompt" in update for update in updates)
        assert len(story.all("session.updated")) == 3
        key = story.server.seen[-1].headers
        assert key["Authorization"].startswith("Bearer sk-") and key["OpenAI-Safety-Identifier"]


async def test_a_server_without_that_transcription_is_used_all_the_same(tmp_path: Path) -> None:
    lacking = Behaviour(knows_transcription=False)
    async with talk(tmp_path, lacking, PLAIN, instructions="Be brief.") as story:
        await story.ask()
        assert story.there.effective.instructions == "Be brief."
        assert story.items()[-1] == ("assistant", "It is late. ")
        assert not story.all("error")


async def test_what_the_user_said_is_known_here_whatever_the_client_wants(tmp_path: Path) -> None:
    asked = {"audio": {"input": {"transcription": None}}}
    async with talk(tmp_path, terms=CallTerms(3600.0, asked)) as story:  # type: ignore[arg-type]
        await story.ask()
        assert not story.all("conversation.item.input_audio_transcription.completed")
        assert story.items()[0] == ("user", "what time is it")


async def test_a_tool_of_the_client_is_called_and_its_result_spoken(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(calls=[("clock", '{"zone":"UTC"}')]), PLAIN) as story:
        await story.speak(800)
        called = story.last("response.function_call_arguments.done")
        assert (called["name"], called["arguments"]) == ("clock", '{"zone":"UTC"}')
        output = {"type": "function_call_output", "call_id": called["call_id"], "output": "12"}
        story.send("conversation.item.create", item=output)
        story.send("response.create", response={"metadata": {"client_event_id": "7"}})
        await story.until("output_audio_buffer.stopped")
        assert story.last("response.created")["response"]["metadata"] == {"client_event_id": "7"}
        assert [item["type"] for item in story.there.items.values()] == [
            "message",
            "function_call",
            "function_call_output",
            "message",
        ]
        added = [event["item"]["id"] for event in story.all("conversation.item.added")]
        assert len(added) == len(set(added)) == 4


async def test_an_error_names_the_clients_event_and_no_account(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=4.0, make_s=1.0), PLAIN) as story:
        story.send("response.create", event_id="first")
        story.send("response.create", event_id="second")
        story.send("input_audio_buffer.commit", event_id="third")
        await elapse(0.5)
        errors = {e["error"]["event_id"]: e["error"]["code"] for e in story.all("error")}
        assert errors == {
            "second": "conversation_already_has_active_response",
            "third": "input_audio_buffer_commit_empty",
        }


async def test_a_failed_answer_says_why_without_the_account(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(fails="insufficient_quota"), fallback="none") as story:
        await story.speak(800)
        done = story.last("response.done")["response"]
        assert done["status_details"]["error"]["code"] == "insufficient_quota"
        assert "org-" not in str(story.call.sent) and "sk-" not in str(story.call.sent)


async def test_a_client_that_commits_its_turns_itself(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=MANUAL) as story:
        story.sound(1_000, loud=True)
        story.send("input_audio_buffer.commit")
        story.send("response.create")
        await story.until("output_audio_buffer.stopped")
        (turn,) = story.there.buffer.turns
        assert abs(turn.ms - 1_000) <= 1
        assert story.session.turns == 1


async def test_sound_that_comes_by_events(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN) as story:
        loud = np.full(24_000, 8_000, "<i2").tobytes() + bytes(2 * 16_800)
        story.send("input_audio_buffer.append", audio=base64.b64encode(loud).decode())
        await story.until("output_audio_buffer.stopped")
        assert abs(loud_ms(story.heard_there()) - 1_000) <= 2


@pytest.mark.parametrize(("kind", "bytes_per_s"), [("audio/pcm", 48_000), ("audio/pcmu", 8_000)])
async def test_who_hears_by_events_is_sent_the_sound_in_its_format(
    tmp_path: Path, kind: str, bytes_per_s: int
) -> None:
    wanted = {"audio": {"output": {"format": {"type": kind}}}}
    terms = CallTerms(3600.0, wanted, sound_in_events=True)  # type: ignore[arg-type]
    async with talk(tmp_path, Behaviour(answer_s=1.5), terms) as story:
        await story.speak(800)
        await elapse(2.0)
        sound = [base64.b64decode(e["delta"]) for e in story.all("response.output_audio.delta")]
        assert abs(len(b"".join(sound)) - 1.5 * bytes_per_s) <= 2
        kinds = story.kinds
        assert kinds.index("response.output_audio.done") > kinds.index(
            "response.output_audio.delta"
        )
        assert not story.all("output_audio_buffer.started")


async def test_who_hears_by_events_says_itself_what_was_heard(tmp_path: Path) -> None:
    terms = CallTerms(3600.0, {}, sound_in_events=True)
    async with talk(tmp_path, Behaviour(answer_s=3.0), terms) as story:
        await story.speak(800)
        item_id = story.last("response.done")["response"]["output"][0]["id"]
        story.send("output_audio_buffer.clear", event_id="no")
        cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 900}
        story.send("conversation.item.truncate", **cut)
        await elapse(0.2)
        assert story.last("error")["error"]["event_id"] == "no"
        assert story.there.truncated == {item_id: 900}


async def test_a_device_that_was_not_listened_to_is_heard_from_a_second_before(
    tmp_path: Path,
) -> None:
    """Half duplex: its own answer was in the microphone, then somebody spoke."""

    def deaf(story: Talk, detection: object) -> None:
        story.send("session.update", session={"audio": {"input": {"turn_detection": detection}}})

    async with talk(tmp_path) as story:
        deaf(story, None)
        story.sound(3_000, loud=True)
        await elapse(0.1)
        deaf(story, {"type": "server_vad"})
        await story.speak(300)
        await story.until("output_audio_buffer.stopped")
        assert 1_200 <= loud_ms(story.heard_there()) <= 1_310
        assert not story.all("input_audio_buffer.cleared")
        started = story.last("input_audio_buffer.speech_started")["audio_start_ms"]
        assert 1_990 <= started <= 2_050


@pytest.mark.parametrize("gap_ms", [60, 500])
async def test_the_wake_phrase_alone_is_no_turn_there(tmp_path: Path, gap_ms: int) -> None:
    """Joined to the next words it stays, or cutting would damage the first of them."""
    terms = CallTerms(3600.0, {}, WakePhrase("alexa", 0, 9_600), extensions=True)
    async with talk(tmp_path, terms=terms) as story:
        story.sound(600, loud=True)
        story.sound(gap_ms, loud=False)
        await story.speak(800)
        await story.until("output_audio_buffer.stopped")
        (turn,) = story.there.buffer.turns
        expected = 600 + gap_ms + 800 if gap_ms < 200 else 800
        assert abs(loud_ms(turn.samples("append")) - expected) <= 25


async def test_whoever_wakes_and_says_nothing_is_listened_to_by_the_server(tmp_path: Path) -> None:
    terms = CallTerms(3600.0, {}, WakePhrase("alexa", 0, 9_600), extensions=True)
    async with talk(tmp_path, terms=terms) as story:
        story.sound(600, loud=True)
        story.sound(5_000, loud=False)
        await elapse(0.5)
        assert not story.there.buffer.turns
        assert story.there.buffer.heard_ms > 2_000
        await story.ask()


async def test_ids_that_the_server_would_not_take_are_translated(tmp_path: Path) -> None:
    mine = "item_of_a_client_that_likes_names_of_sixty_characters"
    async with talk(tmp_path, terms=PLAIN) as story:
        story.send("conversation.item.create", item=user_text("hello") | {"id": mine})
        story.send("conversation.item.create", item=user_text("again"), previous_item_id=mine)
        story.send("conversation.item.retrieve", item_id=mine)
        await elapse(0.2)
        assert story.last("conversation.item.retrieved")["item"]["id"] == mine
        assert len(story.there.items) == 2
        story.send("conversation.item.delete", item_id=mine)
        await elapse(0.2)
        assert len(story.there.items) == 1
        assert not story.all("error")


async def test_what_cannot_be_is_refused_here_and_never_told_there(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN) as story:
        await story.ask()
        known = len(story.there.received)
        role = user_text("hello") | {"role": "boss"}
        story.send("conversation.item.create", item=role, event_id="role")
        story.send("conversation.item.create", item={"type": "hologram"}, event_id="kind")
        story.send("conversation.item.delete", item_id="nobody", event_id="item")
        voice = {"audio": {"output": {"voice": "cedar"}}}
        story.send("session.update", session=voice, event_id="voice")
        story.send("edgevoice.wake", name="x", start_sample=0, end_sample=1, event_id="wake")
        await elapse(0.2)
        named = [event["error"]["event_id"] for event in story.all("error")]
        assert named == ["role", "kind", "item", "voice", "wake"]
        assert len(story.there.received) == known


async def test_what_a_server_says_that_is_no_event_does_no_harm(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN) as story:
        await elapse(0.2)
        sound = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
        for text in ("no json", "[" * 5_000, '{"type":7}', '{"type":"acme.hello"}'):
            story.there._send(text)
        story.there.say("response.output_audio.delta", **sound, delta="?")
        story.there.say("response.done", response={"id": "never", "status": "completed"})
        story.there.say("conversation.item.truncated", item_id="x")
        await story.ask()
        assert story.items()[-1] == ("assistant", "It is late. ")
        assert story.engine.requests == [] and not story.all("error")


async def test_sound_that_is_none_is_not_played(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=1.0, make_s=0.5), PLAIN) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("response.content_part.added")
        part = story.last("response.content_part.added")
        place = {key: part[key] for key in ("response_id", "item_id")}
        place |= {"output_index": 0, "content_index": 0}
        for delta in ("?", "AA==", ""):
            story.there.say("response.output_audio.delta", **place, delta=delta)
        await story.until("output_audio_buffer.stopped")
        assert sum(map(len, story.call.output.played)) == 24_000


async def test_an_out_of_band_answer_stays_out_of_the_conversation(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN) as story:
        wanted = {"conversation": "none", "metadata": {"topic": "mood"}}
        story.send("response.create", response=wanted)
        await story.until("output_audio_buffer.stopped")
        assert story.items() == []
        assert "conversation_id" not in story.last("response.created")["response"]


async def test_a_device_that_comes_back_hears_the_rest(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=3.0), DEVICE) as story:
        await story.speak(800, quiet_ms=100)
        response = (await story.until("output_audio_buffer.started"))["response_id"]
        await elapse(1.0)
        await story.lose()
        await elapse(2.0)
        story.resume(response, heard_ms=900)
        await story.until("output_audio_buffer.stopped")
        assert sum(map(len, story.call.output.played)) // 24 == 3_000 - 900


async def test_no_server_is_called_for_a_device_that_nobody_wakes(tmp_path: Path) -> None:
    terms = CallTerms(3600.0, {}, extensions=True, standby=True)
    async with talk(tmp_path, terms=terms, waits=True) as story:
        await elapse(100.0)
        assert not story.server.sessions
        await story.ask()
        assert abs(loud_ms(story.heard_there()) - 800) <= 2


async def test_neither_the_key_nor_words_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with talk(tmp_path) as story:
        await story.ask()
        story.there.dropped.set()
        await elapse(0.5)
    assert "sk-" not in caplog.text and "late" not in caplog.text and "what time" not in caplog.text
