"""Recordings: none unless asked for, bounded, for the owner alone, and gone when forgotten."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.audio.wav import read_wav
from edgevoice.daemon.diary import recorder as module
from edgevoice.daemon.diary.recorder import FRAMES_PER_S, LEAD_S, MOST_S, Recorder
from tests.transceiver.test_flight_record import Box


def recorder(folder: Path, turns: int = 2) -> Recorder:
    made = Recorder(folder, lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    made.turns, made.about = turns, {"config_sha256": "x"}
    made.switch(True)
    return made


def hear(made: Recorder, seconds: float, begins: int = 0) -> int:
    """So much sound, in which each frame is marked with its number; where it ends."""
    for number in range(begins, begins + round(seconds * FRAMES_PER_S)):
        frame = np.full(FRAME_SAMPLES, number % 30_000, np.int16)
        made.hear(number * FRAME_SAMPLES, frame, frame + 1, frame + 2)
    return begins + round(seconds * FRAMES_PER_S)


def turn(number: int) -> dict[str, Any]:
    return {"turn": number, "outcome": "answered"}


def nothing_in(folder: Path) -> bool:
    return not any(folder.iterdir())


async def written(made: Recorder) -> None:
    task = asyncio.ensure_future(made.run())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_turn_is_kept_with_what_came_before_it(tmp_path: Path) -> None:
    made, box = recorder(tmp_path), Box()
    now = hear(made, 30)
    made.begin()
    hear(made, 2, now)
    made.end(turn(7), box.flight.entries)
    await written(made)
    (folder,) = made.kept()
    assert folder.name == "000007-20260102-030405"
    heard = read_wav(folder / "heard.wav")
    assert len(heard) == round((LEAD_S + 2) * 16_000)
    first = int(json.loads((folder / "turn.json").read_text())["first_sample"])
    assert heard[0] == first // FRAME_SAMPLES + 1 == round((30 - LEAD_S) * FRAMES_PER_S) + 1
    assert read_wav(folder / "microphone.wav")[0] + 2 == read_wav(folder / "played.wav")[0]
    assert (folder / "flight.jsonl").read_text().startswith('{"edgevoice_flight_record":2')
    modes = {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {0o600} and folder.parent.stat().st_mode & 0o777 == 0o700


async def test_only_the_last_turns_are_kept(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    for number in range(1, 6):
        made.end(turn(number), ())
        await written(made)
    assert [folder.name[:6] for folder in made.kept()] == ["000004", "000005"]


async def test_a_long_turn_takes_no_more_memory_than_its_share(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    made.begin()
    hear(made, LEAD_S + MOST_S + 30)
    assert len(made._frames) == (LEAD_S + MOST_S) * FRAMES_PER_S


async def test_while_it_is_off_nothing_is_copied_or_written(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    hear(made, 1)
    made.switch(False)
    hear(made, 1)
    assert not made._frames
    made.end(turn(1), ())
    await written(made)
    assert nothing_in(tmp_path)


async def test_what_was_heard_before_it_was_forgotten_is_not_written(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    made.end(turn(1), ())
    await written(made)
    hear(made, 1)
    made.end(turn(2), ())
    bundle = made._waiting.get_nowait()
    made.forget()
    made.erase()
    made._write(bundle)
    assert nothing_in(tmp_path) and not made._frames


async def test_a_slow_card_loses_turns_and_nothing_else(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    for number in range(1, 9):
        made.end(turn(number), ())
    await written(made)
    assert len(made.kept()) == module.MOST_WAITING


async def test_a_disk_that_refuses_costs_a_warning(tmp_path: Path, caplog) -> None:
    (tmp_path / "state").write_text("in the way")
    made = recorder(tmp_path / "state")
    made.end(turn(1), ())
    await written(made)
    assert "cannot be recorded" in caplog.text and made.kept() == []
