"""What leaves the board is written down before it does, and nothing of it is lost silently."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.diary import privacy_files
from edgevoice.daemon.diary.privacy_files import MOST_MONTHS, files, read_privacy
from edgevoice.daemon.diary.privacy_log import PrivacyLog


class WallClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def lines(folder: Path, name: str = "privacy.log") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def leave(privacy: PrivacyLog, clock: WallClock, why: str = "button") -> None:
    privacy.gate_opened(why)
    clock.now += timedelta(seconds=2.5)
    privacy.gate_closed(40_000, ["https://relay", "https://other"])


def test_an_opening_is_written_down_before_and_after(tmp_path: Path) -> None:
    clock, state = WallClock(), tmp_path / "state"
    privacy = PrivacyLog(state, clock)
    privacy.gate_opened("alexa")
    assert lines(state) == [{"opened": "2026-01-02T03:04:05.000+00:00", "why": "alexa"}]
    clock.now += timedelta(seconds=2.5)
    privacy.gate_closed(40_000, ["https://relay", "https://other"])
    assert lines(state)[1] == {
        "from": "2026-01-02T03:04:05.000+00:00",
        "seconds": 2.5,
        "why": "alexa",
        "samples": 40_000,
        "pcm_bytes": 80_000,
        "to": "https://relay, https://other",
    }
    assert (state / "privacy.log").stat().st_mode & 0o777 == 0o600


def test_a_clock_that_is_put_right_meanwhile_does_not_count(tmp_path: Path) -> None:
    clock, ticks = WallClock(), iter((7.0, 10.5))
    privacy = PrivacyLog(tmp_path, clock, lambda: next(ticks))
    privacy.gate_opened("alexa")
    clock.now += timedelta(days=400)
    privacy.gate_closed(40_000, ())
    assert lines(tmp_path)[-1]["seconds"] == 3.5


def test_closing_what_was_not_open_writes_nothing(tmp_path: Path) -> None:
    PrivacyLog(tmp_path, WallClock()).gate_closed(0, ())
    assert not files(tmp_path)


def test_what_a_disk_refuses_waits_until_it_takes_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, state = WallClock(), tmp_path / "state"
    state.write_text("in the way")
    privacy = PrivacyLog(state, clock)
    for _ in range(3):
        leave(privacy, clock)
    assert len(caplog.records) == 1
    state.unlink()
    privacy.muted(True)
    assert len(lines(state)) == 7


def test_what_had_to_wait_too_long_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgevoice.daemon.diary.scribe.MOST_PENDING", 4)
    clock, state = WallClock(), tmp_path / "state"
    state.write_text("in the way")
    privacy = PrivacyLog(state, clock)
    for _ in range(3):
        leave(privacy, clock)
    state.unlink()
    privacy.muted(True)
    assert lines(state)[0] == {"lost_lines": 2}
    assert read_privacy(state).notes[0]["lost_lines"] == 2


async def test_while_the_program_runs_it_is_written_beside_the_loop(tmp_path: Path) -> None:
    clock = WallClock()
    privacy = PrivacyLog(tmp_path, clock)
    task = asyncio.ensure_future(privacy.run())
    await asyncio.sleep(0)
    leave(privacy, clock)
    assert not files(tmp_path)
    await asyncio.sleep(0.1)
    assert len(lines(tmp_path)) == 2
    privacy.gate_opened("button")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    privacy.gate_closed(0, ())
    assert len(lines(tmp_path)) == 4


def test_each_month_has_its_file_and_the_oldest_is_dropped_and_told(tmp_path: Path) -> None:
    clock = WallClock()
    privacy = PrivacyLog(tmp_path, clock)
    for month in range(MOST_MONTHS + 2):
        clock.now = datetime(2026 + month // 12, month % 12 + 1, 5, tzinfo=UTC)
        leave(privacy, clock)
    names = [path.name for path in files(tmp_path)]
    assert len(names) == MOST_MONTHS
    assert names[0] == "privacy-2026-03.log" and names[-1] == "privacy.log"
    dropped = [note for note in read_privacy(tmp_path).notes if "dropped" in note]
    assert [(note["dropped"], note["lines"]) for note in dropped] == [
        ("privacy-2026-01.log", 2),
        ("privacy-2026-02.log", 2),
    ]


def test_it_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy_files, "MOST_BYTES", 2_000)
    clock = WallClock()
    privacy = PrivacyLog(tmp_path, clock)
    for month in (1, 2, 3):
        clock.now = datetime(2026, month, 5, tzinfo=UTC)
        for _ in range(5):
            leave(privacy, clock)
    assert sum(path.stat().st_size for path in files(tmp_path)) < 2_500
    assert any("dropped" in note for note in read_privacy(tmp_path).notes)


def test_another_start_in_another_month_leaves_the_old_file_alone(tmp_path: Path) -> None:
    clock = WallClock()
    leave(PrivacyLog(tmp_path, clock), clock)
    clock.now += timedelta(days=40)
    leave(PrivacyLog(tmp_path, clock), clock)
    assert len(lines(tmp_path, "privacy-2026-01.log")) == len(lines(tmp_path)) == 2
    assert [interval.seconds for interval in read_privacy(tmp_path).intervals] == [2.5, 2.5]


def test_today_counts_from_midnight(tmp_path: Path) -> None:
    clock = WallClock()
    privacy = PrivacyLog(tmp_path, clock)
    leave(privacy, clock)
    leave(privacy, clock)
    assert privacy.today.told() == {"sessions": 2, "minutes": 0.1}
    clock.now += timedelta(days=1)
    assert privacy.today.told() == {"sessions": 0, "minutes": 0.0}


def test_a_month_in_which_it_never_rests_is_bounded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy_files, "MOST_BYTES", 4_000)
    clock = WallClock()
    privacy = PrivacyLog(tmp_path, clock)
    for _ in range(100):
        leave(privacy, clock)
    assert sum(path.stat().st_size for path in files(tmp_path)) < 7_000
    read = read_privacy(tmp_path)
    assert any("dropped" in note for note in read.notes)
    assert read.intervals[-1].seconds == 2.5 and len(read.intervals) > 5
