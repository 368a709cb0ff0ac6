"""Programs that are started, watched and ended; what a tree of them costs, as the kernel counts."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
RESTART_S = 1.0
"""RestartSec= of the unit in wyoming-satellite's own instructions."""


class Program:
    """With `restarts`, it is begun again when it ends, as systemd would do it."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        environment: Mapping[str, str],
        restarts: bool = False,
    ) -> None:
        self._command, self._log, self._environment = command, log, environment
        self._restarts = restarts
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self.restarted = 0

    def start(self) -> "Program":
        self._spawn()
        if self._restarts:
            threading.Thread(target=self._keep, daemon=True).start()
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """It and all it has started."""
        self._ended.set()
        process = self._process
        if process is not None:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                _signal_group(process.pid, sign)
                try:
                    process.wait(3)
                    break
                except subprocess.TimeoutExpired:
                    continue
            _signal_group(process.pid, signal.SIGKILL)  # children that stayed behind

    def kill(self) -> None:
        """Without a word, as a crash does it."""
        self._ended.set()
        assert self._process is not None
        _signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def send(self, sign: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sign)

    def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self._ended.is_set():
            assert self._process is not None
            self._process.wait()
            _signal_group(self._process.pid, signal.SIGKILL)
            if not self._ended.wait(RESTART_S):
                self.restarted += 1
                self._spawn()


def _signal_group(pid: int, sign: signal.Signals) -> None:
    try:
        os.killpg(pid, sign)
    except ProcessLookupError:
        pass  # nobody is left


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    rss_mb: float
    pss_mb: float
    """RSS, with what several share divided among them."""
    processes: int


def cost(pids: list[int]) -> Cost:
    """Of these and all their descendants together."""
    tree = sorted(descendants(pids))
    return Cost(
        sum(map(_cpu_s, tree)),
        sum(_memory_kb(pid, "Rss") for pid in tree) / 1024,
        sum(_memory_kb(pid, "Pss") for pid in tree) / 1024,
        len(tree),
    )


def descendants(pids: list[int]) -> set[int]:
    parents = dict(_all_processes())
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _all_processes() -> Iterator[tuple[int, int]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields:
                yield int(entry), int(fields[1])


def _stat(pid: int) -> list[str]:
    """From the state on; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_s(pid: int) -> float:
    """Its own, and that of children that have ended."""
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) * TICK_S if fields else 0.0


def _memory_kb(pid: int, name: str) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:"))
