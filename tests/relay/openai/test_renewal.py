"""A session at the server is followed by another one before the server ends it."""

from pathlib import Path

import numpy as np

from edgevoice.relay.session import CallTerms
from tests.openai_server.answering import Behaviour
from tests.relay.openai.talk import Talk, talk
from tests.virtual_time import elapse

PLAIN = CallTerms(session_s=3600.0, patch={})


def told(session: object) -> list[str]:
    """What a server's session holds, as words."""
    parts = [item["content"][0] for item in session.items.values()]  # type: ignore[attr-defined]
    return [(part.get("text") or part["transcript"] or "").strip() for part in parts]


async def silent(story: Talk, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        story.sound(100, loud=False)
        await elapse(0.1)


async def test_the_next_one_knows_what_was_heard_and_no_more(tmp_path: Path) -> None:
    long = Behaviour(answer_s=4.0, answer="one two three four")
    async with talk(tmp_path, long, PLAIN, renew_s=20.0) as story:
        await story.ask()
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.started")
        await elapse(1.5)
        story.send("output_audio_buffer.clear")
        await silent(story, 15.0)
        before, after = story.server.sessions
        assert before.closed == "the client hung up"
        question, answer = "what time is it", "one two three four"
        assert told(after) == [question, answer, question, "one two"]
        await story.ask()
        assert told(after)[5:] == [answer]
        assert [role for role, _ in story.items()] == ["user", "assistant"] * 3
        assert not story.all("error") and story.server.violations == []


async def test_it_waits_for_a_pause(tmp_path: Path) -> None:
    async with talk(tmp_path, Behaviour(answer_s=8.0), PLAIN, renew_s=3.0) as story:
        await story.ask()
        assert len(story.server.sessions) == 2
        assert story.server.sessions[1].items == {}
        await silent(story, 2.0)
        assert len(told(story.server.sessions[1])) == 2


async def test_who_speaks_at_that_moment_is_heard_once_and_whole(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN, renew_s=3.0) as story:
        await silent(story, 2.7)
        await story.speak(800)
        await story.until("output_audio_buffer.stopped")
        await silent(story, 2.0)
        turns = [turn for session in story.server.sessions for turn in session.buffer.turns]
        (turn,) = turns
        loud = np.flatnonzero(np.abs(turn.samples("append").astype(int)) > 1_000)
        assert abs((loud[-1] - loud[0]) / 24 - 800) < 3


async def test_a_turn_that_the_client_will_commit_is_not_cut_by_it(tmp_path: Path) -> None:
    manual = CallTerms(3600.0, {"audio": {"input": {"turn_detection": None}}})
    async with talk(tmp_path, terms=manual, renew_s=3.0) as story:
        await story.speak(5_000, quiet_ms=0)
        story.send("input_audio_buffer.commit")
        await elapse(0.5)
        first, second = story.server.sessions
        assert first.buffer.turns == []
        (turn,) = second.buffer.turns
        assert abs(turn.ms - 5_000) <= 1


async def test_one_that_cannot_be_had_is_called_again(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN, renew_s=20.0) as story:
        story.server.down = True
        await silent(story, 25.0)
        story.server.down = False
        await silent(story, 12.0)
        assert len(story.server.sessions) == 2
        await story.ask()
        assert story.engine.requests == []


async def test_a_server_that_is_sooner_is_followed_in_haste(tmp_path: Path) -> None:
    """In the middle of an answer, there being no pause before."""
    long = Behaviour(answer_s=6.0, make_s=6.0, session_s=6.0, answer="one two three four")
    async with talk(tmp_path, long, PLAIN, renew_s=3.0) as story:
        long.session_s = 60.0
        await story.speak(800, quiet_ms=100)
        await story.until("output_audio_buffer.stopped")
        assert story.engine.requests == []
        assert len(story.server.sessions) >= 2
        (failed, completed) = (e["response"]["status"] for e in story.all("response.done"))
        assert (failed, completed) == ("failed", "completed")
