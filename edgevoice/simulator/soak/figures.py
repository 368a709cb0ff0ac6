"""What a process holds, seen from outside by the kernel's word; tasks by its own.

`/proc/PID` has memory, threads and descriptors. Tasks of the event loop are told by
`edgevoice status` and by the relay's metrics.
"""

import re
from collections.abc import Mapping
from pathlib import Path

KB_PER_MB = 1000.0
MEMORY = {
    "rss_mb": ("status", "VmRSS"),
    "anonymous_mb": ("status", "RssAnon"),
    "pss_mb": ("smaps_rollup", "Pss"),
}
TRACEBACK = "Traceback (most recent call last)"
TASKS = re.compile(r"^edgevoice_relay_tasks (\S+)$", re.MULTILINE)


def held(pid: int, proc: Path = Path("/proc")) -> dict[str, float]:
    """Empty for a process that is no more."""
    own = proc / str(pid)
    try:
        texts = {name: (own / name).read_text() for name in ("status", "smaps_rollup")}
        return {
            **{name: _kb(texts[file], key) / KB_PER_MB for name, (file, key) in MEMORY.items()},
            "threads": float(len(list((own / "task").iterdir()))),
            "descriptors": float(len(list((own / "fd").iterdir()))),
        }
    except OSError:
        return {}


def waited_s(pid: int, proc: Path = Path("/proc")) -> float:
    """How long its event loop would have run by now, had others not been running instead."""
    try:
        return int((proc / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _kb(text: str, key: str) -> float:
    found = re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE)
    return float(found[1]) * 1.024 if found else 0.0


def tasks_of(metrics: str) -> dict[str, float]:
    """By the relay's `/metrics`."""
    found = TASKS.search(metrics)
    return {"tasks": float(found[1])} if found else {}


def tasks_in(status: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """By the device's status."""
    return {"tasks": float(status["process"]["tasks"])} if "process" in status else {}


def directory_kb(directory: Path) -> float:
    """All that is kept in files."""
    sizes = 0
    for path in directory.rglob("*"):
        try:
            sizes += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # it was replaced by another one at this moment
    return sizes / KB_PER_MB


def tracebacks(log: Path) -> int:
    """None is expected, whatever breaks."""
    with log.open(errors="replace") as lines:
        return sum(TRACEBACK in line for line in lines)


def udp_ports(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """Where this process takes datagrams."""
    own = proc / str(pid)
    inodes = set()
    for descriptor in (own / "fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [line.split() for line in (own / "net/udp").read_text().splitlines()[1:]]
    return sorted(int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in inodes)
