"""What the relay's process costs, as the kernel counts it."""

import os
import time
from dataclasses import dataclass

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    at: float

    def share_since(self, before: "Cost") -> float:
        """Of one core."""
        return (self.cpu_s - before.cpu_s) / (self.at - before.at)


def cost(pid: int) -> Cost:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return Cost((int(fields[11]) + int(fields[12])) * _TICK_S, time.monotonic())


def memory_mb(pid: int) -> float:
    """VmRSS."""
    return _status(pid, "VmRSS") / 1024


def leavings(pid: int) -> dict[str, int]:
    """What a closed session must not leave behind."""
    return {
        "file descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": _status(pid, "Threads"),
    }


def _status(pid: int, name: str) -> int:
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{name}:"))
