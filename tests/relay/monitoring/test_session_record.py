"""What a session that fails leaves at the relay: what was asked and told, and no word."""

import json
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgevoice.cli import main
from edgevoice.errors import EngineError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import user_text
from edgevoice.relay.monitoring.session_failures import MOST, SessionFailures
from edgevoice.relay.monitoring.session_record import LONGEST, MOST_ENTRIES, SessionRecord
from edgevoice.relay.monitoring.session_watch import BUG, SessionWatch, free
from tests import virtual_time
from tests.relay.monitoring.house import began
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse

AT = 1_767_323_045.0


class Kept:
    """Whoever keeps records, here in a list."""

    def __init__(self) -> None:
        self.why: list[str] = []
        self.lines: list[dict[str, Any]] = []

    def __call__(self, call_id: str, why: str, record: SessionRecord) -> None:
        self.why.append(why)
        self.lines = list(record.lines())

    def types(self, way: str) -> list[str]:
        return [line[way]["type"] for line in self.lines if way in line]


def watched(story: Story) -> tuple[SessionWatch, Kept]:
    kept = Kept()
    watch = SessionWatch("rtc_1", story.session, lambda fact: None, free, kept)
    watch.begin(began())
    return watch, kept


def test_an_answer_that_failed_leaves_what_led_to_it():
    async def tale(story: Story) -> None:
        watch, kept = watched(story)
        story.engine.answers = [[EngineError("no secret can be answered")]]
        story.send("conversation.item.create", item=message("another secret"))
        story.say("a secret question")
        await elapse(5)
        watch.end("the client hung up")
        assert kept.why == ["an answer failed"]
        assert kept.types("in") == ["conversation.item.create"]
        told = kept.types("out")
        assert told.index("input_audio_buffer.speech_started") < told.index("response.done")
        assert kept.lines[-1]["line"] == "ended: the client hung up"
        assert "secret" not in json.dumps(kept.lines)

    tell(tale)


def message(text: str) -> dict[str, Any]:
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": text}],
    }


@pytest.mark.parametrize(("reason", "kept_for"), [(BUG, [BUG]), ("the client hung up", [])])
def test_a_session_that_goes_well_leaves_nothing(reason: str, kept_for: list[str]):
    async def tale(story: Story) -> None:
        watch, kept = watched(story)
        story.engine.answers = [spoken("It is nine.")]
        story.say("what time is it")
        await elapse(5)
        watch.held("the link broke")
        watch.resumed(1.25)
        watch.end(reason)
        assert kept.why == kept_for
        noted = [line["line"] for line in kept.lines if "line" in line]
        assert not kept_for or noted[:2] == ["held: the link broke", "resumed after 1.2 s"]

    tell(tale)


def test_a_record_is_bounded_whatever_a_client_sends():
    record = SessionRecord(lambda: 1.0)
    record.asked(asks.InputAudioBufferAppend(audio="AAAA" * 1_000))
    record.told(says.EdgevoicePong())
    for _ in range(MOST_ENTRIES):
        record.asked(asks.ConversationItemCreate(item=user_text("x" * LONGEST)))
    lines = list(record.lines())
    assert len(lines) == MOST_ENTRIES
    assert lines[0]["in"].keys() == {"type", "characters"}
    record.asked(asks.ConversationItemCreate(item=user_text("\ud800")))
    assert list(record.lines())[-1]["in"]["characters"] == 0


def test_the_last_ones_are_kept_for_the_relays_user_alone_and_not_all_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    now, record = [AT], SessionRecord(lambda: 1.0)
    record.noted("held: x")
    made = SessionFailures(tmp_path, lambda: now[0])

    async def story() -> None:
        for number in range(MOST + 2):
            for _ in range(3):
                made.keep(f"rtc_{number}", BUG, record)
            await elapse(0)
            now[0] += 61

    virtual_time.run(story())
    kept = sorted((tmp_path / "failures").iterdir())
    assert [path.name[16:] for path in kept] == [f"rtc_{n}.jsonl" for n in range(2, MOST + 2)]
    assert kept[0].stat().st_mode & 0o777 == 0o600
    about, line = map(json.loads, kept[0].read_text().splitlines())
    assert about["why"] == BUG and line == {"now": 1.0, "line": "held: x"}
    assert main(["replay", str(kept[0])]) == 2
    assert "to be read as it is, not played" in capsys.readouterr().err


class FromAnotherThread(SessionRecord):
    def lines(self) -> Iterator[dict[str, Any]]:
        assert threading.current_thread() is not threading.main_thread()
        return super().lines()


def test_nobody_elses_session_waits_while_words_are_masked(tmp_path: Path):
    async def story() -> None:
        SessionFailures(tmp_path, lambda: AT).keep("rtc_1", BUG, FromAnotherThread(lambda: 1.0))
        await elapse(0)

    virtual_time.run(story())
    assert len(list((tmp_path / "failures").iterdir())) == 1


def test_a_clock_that_was_put_back_takes_away_an_old_one(tmp_path: Path):
    now = [AT]
    made = SessionFailures(tmp_path, lambda: now[0])

    async def story(call_id: str) -> None:
        made.keep(call_id, BUG, SessionRecord(lambda: 1.0))

    for number in range(MOST + 1):
        virtual_time.run(story(f"rtc_{number}"))
        now[0] -= 3600
    calls = {path.name[16:] for path in (tmp_path / "failures").iterdir()}
    assert len(calls) == MOST and f"rtc_{MOST}.jsonl" in calls


@contextmanager
def full_disk() -> Iterator[None]:
    """Files can be made, and nothing be written into them."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_left_without_empty_records(tmp_path: Path):
    async def story() -> None:
        SessionFailures(tmp_path, lambda: AT).keep("rtc_1", BUG, SessionRecord(lambda: 1.0))

    with full_disk():
        virtual_time.run(story())
    assert list((tmp_path / "failures").iterdir()) == []


def test_who_keeps_nothing_keeps_none_and_a_bad_disk_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async def story(directory: Path | None) -> None:
        SessionFailures(directory, lambda: AT).keep("rtc_1", BUG, SessionRecord(lambda: 1.0))
        await elapse(0)

    virtual_time.run(story(None))
    assert not caplog.text
    virtual_time.run(story(tmp_path / "nowhere"))
    assert "cannot be written down" in caplog.text
