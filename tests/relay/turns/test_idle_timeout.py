"""Silence after an answer, and what a session makes of it."""

import pytest

from edgevoice.relay.turns.idle_timeout import IdleTimeout
from tests.relay.story import Story, tell
from tests.virtual_time import elapse

LIMIT = 80_000


def silences(*blocks: tuple[str, int]) -> list[int]:
    """What is told while these last, each so many samples: "a" an answer, "u" the user, " "."""
    idle, position, told = IdleTimeout(), 0, []
    for what, length in blocks:
        for _ in range(0, length, 320):
            position += 320
            idle.hear(position, answering=what == "a", speaking=what == "u")
            start = idle.silence(position, LIMIT)
            told += [] if start is None else [start]
    return told


def test_silence_counts_from_the_end_of_an_answer_and_is_told_once():
    assert silences(("a", 32_000), (" ", 400_000)) == [32_320]


def test_before_the_first_answer_anybody_may_be_silent():
    assert silences((" ", 400_000), ("u", 16_000), (" ", 400_000)) == []


def test_whoever_speaks_is_given_the_time_anew():
    assert silences(("a", 3200), (" ", 64_000), ("u", 16_000), (" ", 79_000)) == []
    assert silences(("a", 3200), (" ", 64_000), ("u", 16_000), (" ", 81_000)) == [83_200]


def test_each_answer_begins_it_again():
    assert silences(("a", 3200), (" ", 96_000), ("a", 3200), (" ", 96_000)) == [3520, 102_720]


def session(idle_timeout_ms: int | None) -> dict[str, object]:
    detection = {"type": "server_vad", "idle_timeout_ms": idle_timeout_ms}
    return {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}


async def quiet(story: Story, seconds: float) -> None:
    for _ in range(round(seconds * 50)):
        story.sound(20, loud=False)
        await elapse(0.02)


def test_a_long_silence_is_committed_and_answered():
    async def tale(story: Story) -> None:
        story.send("session.update", session=session(5000))
        story.say("what time is it")
        await quiet(story, 2.0)
        stopped = story.position // 16
        story.events  # noqa: B018
        await quiet(story, 5.0)
        timeout = story.last("input_audio_buffer.timeout_triggered")
        assert timeout["audio_end_ms"] - timeout["audio_start_ms"] == pytest.approx(5000, abs=40)
        assert timeout["audio_start_ms"] < stopped
        assert story.kinds[:5] == [
            "input_audio_buffer.timeout_triggered",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.completed",
        ]
        assert timeout["item_id"] == story.last("input_audio_buffer.committed")["item_id"]
        await quiet(story, 2.0)

    story = tell(tale)
    answered, prompted = story.engine.requests
    assert (answered.silence, prompted.silence) == (False, True)
    assert prompted.utterance is None
    assert len(story.engine.listeners) == 1, "nobody listens to silence"
    assert len(story.all("response.done")) == 2


@pytest.mark.parametrize("timeout_ms", [None, 30_000])
def test_who_may_be_silent_is_not_spoken_to(timeout_ms):
    async def tale(story: Story) -> None:
        story.send("session.update", session=session(timeout_ms))
        story.say("what time is it")
        await quiet(story, 20.0)

    assert tell(tale).all("input_audio_buffer.timeout_triggered") == []


def test_a_word_begun_as_the_time_runs_out_is_heard_from_its_beginning():
    async def tale(story: Story) -> None:
        story.send("session.update", session=session(5000))
        story.say("what time is it")
        await quiet(story, 2.0)
        since = story.session._brain._idle._since  # type: ignore[attr-defined]
        await quiet(story, (since + LIMIT - story.position) / 16_000 - 0.06)
        assert not story.all("input_audio_buffer.timeout_triggered")
        story.engine.words.append("go on")
        began = story.position // 16
        await story.speak(600)
        assert story.all("input_audio_buffer.timeout_triggered")
        await quiet(story, 3.0)
        starts = [e["audio_start_ms"] for e in story.all("input_audio_buffer.speech_started")]
        assert starts[-1] == pytest.approx(began - 300, abs=20)

    story = tell(tale)
    assert story.items()[-2:] == [("user", "go on"), ("assistant", "Yes.")]
