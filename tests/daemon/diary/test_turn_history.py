"""The history of turns: over restarts, bounded, and with garbage in its file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from edgevoice.daemon.diary.turn_history import NAME, TurnHistory, read_history, told
from edgevoice.daemon.diary.waterfall import SampleCounts, TurnReport

COUNTS = SampleCounts(0, 100, 100, 0, 100, 0)


def report(wait_s: float = 1.0) -> TurnReport:
    marks = (("end of speech", 0.0), ("first answer sample", wait_s), ("end", wait_s + 2))
    return TurnReport(1, "wake", "answered", marks, COUNTS)


def history(folder: Path) -> TurnHistory:
    return TurnHistory(folder, lambda: datetime(2026, 1, 2, tzinfo=UTC))


async def lived(folder: Path, *waits: float) -> TurnHistory:
    """A run of the program with so many turns."""
    kept = history(folder)
    task = asyncio.ensure_future(kept.run())
    await asyncio.sleep(0.1)
    for wait_s in waits:
        kept.add(report(wait_s))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return kept


async def test_turns_are_numbered_on_over_a_restart(tmp_path: Path) -> None:
    await lived(tmp_path, 1.0, 2.0)
    kept = await lived(tmp_path, 3.0)
    assert [turn["turn"] for turn in kept.turns] == [1, 2, 3]
    assert read_history(tmp_path) == kept.turns
    answer = told(kept.turns, 1)
    assert [turn["turn"] for turn in answer["turns"]] == [3] and answer["kept"] == 3
    assert answer["usual"]["answer"] == {"p50_s": 2.0, "p95_s": 3.0, "turns": 3}


async def test_a_turn_that_ends_while_the_file_is_read_comes_after_it(tmp_path: Path) -> None:
    await lived(tmp_path, 1.0, 2.0)
    kept = history(tmp_path)
    kept.add(report(3.0))
    task = asyncio.ensure_future(kept.run())
    await asyncio.sleep(0.1)
    waits = [turn["marks"]["first answer sample"] for turn in kept.turns]
    assert waits[:2] == [1.0, 2.0] and waits[-1] == 3.0
    task.cancel()


async def test_garbage_in_the_file_is_no_turn(tmp_path: Path) -> None:
    await lived(tmp_path, 1.0)
    with (tmp_path / NAME).open("a") as file:
        file.write('{"turn": "x"}\n{"turn": 7, "marks": {"end": "late"}}\n\x00\n{"turn": 2, "ma')
    kept = await lived(tmp_path, 2.0)
    assert [turn["turn"] for turn in kept.turns] == [1, 2]


async def test_what_is_forgotten_does_not_come_back(tmp_path: Path) -> None:
    kept = await lived(tmp_path, 1.0)
    assert kept.forget() == 1
    kept.erase()
    assert read_history(tmp_path) == [] and not (tmp_path / NAME).exists()


async def test_over_a_reload_no_turn_is_there_twice(tmp_path: Path) -> None:
    kept = await lived(tmp_path, 1.0, 2.0)
    task = asyncio.ensure_future(kept.run())
    await asyncio.sleep(0.1)
    kept.add(report(3.0))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [turn["turn"] for turn in kept.turns] == [1, 2, 3]
    assert read_history(tmp_path) == kept.turns
