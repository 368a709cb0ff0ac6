"""When the server cannot go on, the relay's own brain does, in mid-conversation."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.relay.engines.engine import Text
from edgevoice.relay.session import CallTerms
from tests.fault_report import Measured
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import Refused
from tests.relay.openai.talk import Talk, talk
from tests.relay.story import spoken
from tests.virtual_time import elapse

PLAIN = CallTerms(session_s=3600.0, patch={})
OPENS = {
    "response.created": ("response.done", lambda event: event["response"]["id"]),
    "response.output_item.added": ("response.output_item.done", lambda event: event["item"]["id"]),
    "conversation.item.added": ("conversation.item.done", lambda event: event["item"]["id"]),
    "response.content_part.added": ("response.content_part.done", lambda event: event["item_id"]),
}


def left_open(story: Talk) -> list[Any]:
    """What was opened and never closed."""
    found = []
    for begin, (end, name) in OPENS.items():
        closed = [name(event) for event in story.all(end)]
        found += [(begin, name(e)) for e in story.all(begin) if name(e) not in closed]
    return found


def loud(story: Talk) -> int:
    """Milliseconds of speech in the only utterance that our own engine has heard."""
    (utterance,) = story.engine.utterances
    samples = np.flatnonzero(np.abs(utterance.samples.astype(int)) > 1_000)
    return int(samples[-1] - samples[0] + 1) // 16


async def test_who_calls_while_the_server_is_down_is_answered_all_the_same(
    tmp_path: Path,
) -> None:
    async with talk(tmp_path, terms=PLAIN, is_down=True) as story:
        story.engine.words.append("what time is it")
        await story.ask()
        assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]
        assert not story.all("error")


@pytest.mark.parametrize("refusal", [Refused(401, "k", "no"), Refused(429, "q", "too much")])
async def test_a_server_that_refuses_is_not_asked_again_at_once(
    tmp_path: Path, refusal: Refused
) -> None:
    async with talk(tmp_path, terms=PLAIN, refuses=[refusal]) as story:
        assert not story.behind.admits()
        story.engine.words.append("what time is it")
        await story.ask()
        assert story.items()[-1] == ("assistant", "Yes.")


async def test_what_was_said_before_the_server_went_away_is_known(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN) as story:
        await story.ask()
        story.there.dropped.set()
        await elapse(0.1)
        story.engine.words.append("and now")
        await story.ask()
        (request,) = story.engine.requests
        assert [item.content[0].words for item in request.items] == [  # type: ignore[attr-defined]
            "what time is it",
            "It is late. ",
            "and now",
        ]
        assert left_open(story) == []


async def test_an_utterance_in_progress_is_heard_whole(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN) as story:
        await story.speak(400, quiet_ms=0)
        story.there.dropped.set()
        story.engine.words.append("what time is it")
        await story.speak(400)
        await story.until("output_audio_buffer.stopped")
        assert loud(story) == 800
        assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]


@pytest.mark.fault("server-down")
async def test_a_question_without_words_is_heard_again(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(stalls=True, transcribes=False), PLAIN) as story:
        story.engine.words.append("what time is it")
        await story.ask()
        assert loud(story) == 800
        assert [role for role, _ in story.items()] == ["user", "assistant"]
        assert len(story.all("conversation.item.deleted")) == 1


async def test_a_question_in_words_is_answered_and_not_heard_again(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(stalls=True), PLAIN, stall_s=3.0) as story:
        await story.ask()
        assert not story.engine.utterances
        assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]
        assert left_open(story) == []
        (failed, completed) = (e["response"]["status"] for e in story.all("response.done"))
        assert (failed, completed) == ("failed", "completed")


async def test_an_answer_that_breaks_off_is_closed_and_answered_anew(tmp_path: Path) -> None:
    long = Behaviour(answer_s=4.0, make_s=4.0, answer="one two three four")
    async with talk(tmp_path, long, PLAIN) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        await elapse(1.5)
        story.there.dropped.set()
        await story.until("output_audio_buffer.stopped")
        assert left_open(story) == []
        assert story.items() == [
            ("user", "what time is it"),
            ("assistant", "one two "),
            ("assistant", "Yes."),
        ]
        kinds = [event["type"] for event in story.call.sent]
        assert kinds.index("output_audio_buffer.cleared") < kinds.index("response.done")
        assert not story.all("error")


async def test_an_answer_that_is_whole_is_heard_to_its_end(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=3.0), PLAIN) as story:
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        story.there.dropped.set()
        await story.until("output_audio_buffer.stopped")
        assert story.items()[-1] == ("assistant", "It is late. ")
        assert story.engine.requests == []
        assert story.call.output.log == ["begin", "end"]


@pytest.mark.parametrize("code", ["insufficient_quota", "rate_limit_exceeded", "server_error"])
@pytest.mark.fault("server-quota")
async def test_a_server_that_cannot_answer_is_stood_in_for(
    tmp_path: Path, code: str, measured: Measured
) -> None:
    async with talk(tmp_path, Behaviour(fails=code), PLAIN) as story:
        began = asyncio.get_running_loop().time()
        await story.ask()
        took_s = asyncio.get_running_loop().time() - began
        measured(f"{code}: question and answer in {took_s:.1f} s (virtual), by the stand-in")
        assert story.items() == [("user", "what time is it"), ("assistant", "Yes.")]
        assert "org-" not in str(story.call.sent)


@pytest.mark.fault("server-down")
async def test_a_server_that_answers_no_ping_is_found_out(
    tmp_path: Path, measured: Measured
) -> None:
    """What was said to nobody meanwhile is heard."""
    async with talk(tmp_path, terms=PLAIN) as story:
        story.sound(5_000, loud=False)
        await elapse(4.0)
        story.there.frozen = True
        frozen_at = asyncio.get_running_loop().time()
        story.engine.words.append("what time is it")
        await story.speak(800)
        await story.until("output_audio_buffer.stopped")
        assert loud(story) == 800
        answered_s = asyncio.get_running_loop().time() - frozen_at
        measured(f"frozen: answered by the stand-in after {answered_s:.1f} s (virtual)")


async def test_a_session_that_the_server_ends_goes_on_here(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(session_s=5.0), PLAIN) as story:
        await story.ask()
        await elapse(5.0)
        story.engine.words.append("and now")
        await story.ask()
        assert [role for role, _ in story.items()] == ["user", "assistant"] * 2
        assert not story.all("error")


async def test_a_tool_called_at_the_server_is_answered_here(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(calls=[("clock", "{}")]), PLAIN) as story:
        await story.speak(800)
        call_id = story.last("response.function_call_arguments.done")["call_id"]
        story.there.dropped.set()
        await elapse(0.2)
        story.engine.answers.append([Text("Noon."), *spoken()])
        output = {"type": "function_call_output", "call_id": call_id, "output": "12"}
        story.send("conversation.item.create", item=output)
        story.send("response.create")
        await elapse(1.0)
        kinds = [item.type for item in story.engine.requests[-1].items]
        assert kinds == ["message", "function_call", "function_call_output"]


async def test_what_the_client_asked_for_is_not_forgotten(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(opens_after_s=20.0), PLAIN) as story:
        item = {"type": "message", "role": "user"}
        content = [{"type": "input_text", "text": "hello"}]
        story.send("conversation.item.create", item=item | {"content": content})
        story.send("response.create")
        await story.until("output_audio_buffer.stopped")
        assert story.items() == [("user", "hello"), ("assistant", "Yes.")]


async def test_without_a_stand_in_the_client_learns_why_it_is_over(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN, fallback="none") as story:
        await story.ask()
        story.there.dropped.set()
        await elapse(0.5)
        assert story.last("error")["error"]["code"] == "server_error"
        assert left_open(story) == []
