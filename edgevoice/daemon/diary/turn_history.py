"""The turns of the last weeks: durations, counts and outcomes, never what was said.

Outlives the program in a bounded file, which is read beside the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edgevoice.daemon.diary.legs import usual
from edgevoice.daemon.diary.scribe import Scribe
from edgevoice.daemon.diary.waterfall import TurnReport
from edgevoice.hardware.system.line_file import LineFile

NAME = "turns.jsonl"
LATELY = 100
MOST_TURNS = 500
"""Some weeks of a kitchen; 300 kB."""


class TurnHistory:
    def __init__(self, directory: Path, wall_clock: Callable[[], datetime]) -> None:
        self._wall_clock = wall_clock
        self._file = LineFile(directory / NAME, MOST_TURNS)
        self._scribe = Scribe(self._file, "the history of turns")
        self._turns: deque[dict[str, Any]] = deque(maxlen=MOST_TURNS)
        self._last = 0
        self._is_loaded = False

    async def run(self) -> None:
        if not self._is_loaded:
            self._take_up(await asyncio.to_thread(self._file.load))
            self._is_loaded = True
        await self._scribe.run()

    def add(self, report: TurnReport) -> dict[str, Any]:
        """As it is kept."""
        self._last += 1
        at = self._wall_clock().isoformat(timespec="milliseconds")
        turn = {"turn": self._last, "at": at, **report.as_json()}
        del turn["number"]  # begins anew with every start of the program
        self._turns.append(turn)
        self._scribe.write(turn)
        return turn

    @property
    def turns(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self._turns)

    def lately(self) -> dict[str, dict[str, float]]:
        """What was usual in the last turns."""
        return usual(turn["marks"] for turn in self.turns[-LATELY:])

    def forget(self) -> int:
        """In memory; how many there were."""
        count = len(self._turns)
        self._turns.clear()
        return count

    def erase(self) -> None:
        """The file, in any thread. OSError where it stays."""
        self._scribe.erase()

    def _take_up(self, kept: list[dict[str, Any]]) -> None:
        """Before those that ended while the file was read."""
        newer = list(self._turns)
        self._turns.clear()
        self._turns.extend(turn for turn in kept if is_turn(turn))
        self._last = max((turn["turn"] for turn in self._turns), default=0)
        for turn in newer:
            self._last += 1
            turn["turn"] = self._last
            self._turns.append(turn)


def told(turns: Sequence[dict[str, Any]], most: int) -> dict[str, Any]:
    """The newest of them, and what was usual in all."""
    every = usual(turn["marks"] for turn in turns)
    return {"turns": list(turns[-most:]), "usual": every, "kept": len(turns)}


def is_turn(line: dict[str, Any]) -> bool:
    """Garbage is not."""
    marks, number = line.get("marks"), line.get("turn")
    return (
        isinstance(number, int)
        and not isinstance(number, bool)
        and isinstance(marks, dict)
        and all(isinstance(at, int | float) for at in marks.values())
        and isinstance(line.get("at"), str)
        and isinstance(line.get("outcome"), str)
        and isinstance(line.get("samples"), dict)
    )


def read_history(directory: Path) -> list[dict[str, Any]]:
    """Without a running program. Blocking."""
    lines = LineFile(directory / NAME, MOST_TURNS).load()
    return [line for line in lines if is_turn(line)]
