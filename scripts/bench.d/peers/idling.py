"""What listening costs: all systems in one room at the same time, quiet, then with a television.

The kernel counts the processor time of each process, so they may share the machine; what
the sharing costs (caches, a second thread on a core) it costs all of them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from peers.processes import Cost, cost
from peers.room import Room
from peers.systems import System

PIECES = 6
"""The time is cut into so many, for the spread."""


@dataclass(frozen=True)
class Idle:
    cpu_percent: tuple[float, ...]
    """Of one core, in each piece."""
    rss_mb: float
    pss_mb: float
    processes: int
    calls: int
    """Streams to its server meanwhile: it woke, or with --vad it heard speech."""


def idle(room: Room, systems: Sequence[System], seconds: float, sound: Samples | None
         ) -> dict[str, Idle]:  # fmt: skip
    """By name. With `sound`, it is played meanwhile."""
    marks = [system.record.length for system in systems]
    costs: list[tuple[float, list[Cost]]] = [_look(systems)]
    for n in range(PIECES):
        if sound is None:
            time.sleep(seconds / PIECES)
        else:
            piece = round(seconds / PIECES * CAPTURE_RATE_HZ)
            room.say(sound[n * piece : (n + 1) * piece])
        costs.append(_look(systems))
    return {
        system.name: _told(costs, k, len(system.record.calls(marks[k])))
        for k, system in enumerate(systems)
    }


def _look(systems: Sequence[System]) -> tuple[float, list[Cost]]:
    return time.monotonic(), [cost(system.pids) for system in systems]


def _told(costs: list[tuple[float, list[Cost]]], k: int, calls: int) -> Idle:
    pairs = pairwise(costs)
    shares = tuple(
        100 * (after[k].cpu_s - before[k].cpu_s) / (end - begin)
        for (begin, before), (end, after) in pairs
    )
    last = costs[-1][1][k]
    return Idle(shares, last.rss_mb, last.pss_mb, last.processes, calls)
