"""The last reasons of each kind, for `edgevoice why`: bounded, and kept over a restart."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from edgevoice.daemon.diary.explain import Reason
from edgevoice.hardware.system.state_file import StateFile

NAME = "reasons.json"
KINDS = ("wake", "non-wake", "stop", "slow turn", "refusal", "restart", "failure")
MOST_OF_A_KIND = 8
RECENT_S = 300.0
"""Among near misses of the last minutes the best one is told, not the last one."""
SETTLE_S = 5.0
"""A card wears out by being written."""


class Reasons:
    def __init__(self, directory: Path, wall_clock: Callable[[], datetime]) -> None:
        self._file = StateFile(directory / NAME)
        self._wall_clock = wall_clock
        self._kept: dict[str, deque[dict[str, Any]]] = {
            kind: deque(maxlen=MOST_OF_A_KIND) for kind in KINDS
        }
        self._changed = asyncio.Event()
        self._saving = threading.Lock()
        self._forgotten = 0
        """Times; what was to be saved before the last one must not be."""

    def load(self) -> None:
        """Blocking, and before anything is added."""
        state = self._file.load()
        for kind in KINDS:
            entries = state.get(kind)
            if isinstance(entries, list):
                self._kept[kind].extend(entry for entry in entries if _is_reason(entry))

    def add(self, reason: Reason | None) -> None:
        if reason is None:
            return
        at = self._wall_clock().isoformat(timespec="seconds")
        self._kept[reason.kind].append({"at": at, **asdict(reason)})
        self._changed.set()

    def told(self) -> dict[str, Any]:
        """The last of each kind; of near misses the best of the last minutes."""
        told: dict[str, Any] = {}
        for kind in KINDS:
            entries = self._kept[kind]
            told[kind] = self._best(list(entries)) if kind == "non-wake" else _last(entries)
        return told

    def _best(self, misses: list[dict[str, Any]]) -> dict[str, Any] | None:
        now = self._wall_clock()
        recent = [miss for miss in misses if _age_s(miss, now) <= RECENT_S]
        if not recent:
            return misses[-1] if misses else None
        return max(recent, key=lambda miss: _score(miss))

    async def run(self) -> None:
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(SETTLE_S)
                self._changed.clear()
                await asyncio.to_thread(self._save, self._state(), self._forgotten)
        finally:
            if self._changed.is_set():
                self._save(self._state(), self._forgotten)

    def forget(self) -> int:
        """In memory; how many there were."""
        count = sum(len(entries) for entries in self._kept.values())
        for entries in self._kept.values():
            entries.clear()
        self._changed.clear()
        self._forgotten += 1
        return count

    def erase(self) -> None:
        """The file, in any thread."""
        with self._saving:
            self._file.erase()

    def _state(self) -> dict[str, Any]:
        return {kind: list(entries) for kind, entries in self._kept.items()}

    def _save(self, state: Mapping[str, Any], forgotten: int) -> None:
        with self._saving:
            if forgotten == self._forgotten and any(state.values()):
                self._file.save(state)


def _last(entries: deque[dict[str, Any]]) -> dict[str, Any] | None:
    return entries[-1] if entries else None


def _score(miss: Mapping[str, Any]) -> float:
    score = miss["facts"].get("score", 0.0)
    return float(score) if isinstance(score, int | float) else 0.0


def _age_s(entry: Mapping[str, Any], now: datetime) -> float:
    try:
        return abs((now - datetime.fromisoformat(entry["at"])).total_seconds())
    except (TypeError, ValueError):
        return RECENT_S * 2


def _is_reason(entry: Any) -> bool:
    """Garbage is not."""
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in ("at", "kind", "sentence"))
        and isinstance(entry.get("facts"), dict)
    )
