"""Runs the checks: all at once, each with its own time limit, told in order.

A check that breaks or hangs becomes a line and takes nothing else down: each runs in a thread
that the program does not wait for at its end.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from edgevoice.doctor.finding import Finding

USUAL_S = 6.0
"""They take milliseconds; a small board needs its time to import what they need."""
PREFIX = "check "
"""Of the threads' names."""


@dataclass(frozen=True, slots=True)
class Check:
    subject: str
    """By which it can be asked for: `edgevoice doctor SUBJECT`."""
    look: Callable[[], Iterable[Finding]]
    limit_s: float = USUAL_S


@dataclass
class _Look:
    """One check in its thread. What it found before it hung counts."""

    check: Check
    findings: list[Finding] = field(default_factory=list)
    broke: BaseException | None = None
    thread: threading.Thread = field(init=False)

    def start(self) -> None:
        name = PREFIX + self.check.subject
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self:
            for finding in self.check.look():
                self.findings.append(finding)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Whatever went wrong is told by this check, and is nobody else's trouble."""
        self.broke = error
        return True

    def told(self, wait_s: float) -> Iterator[Finding]:
        self.thread.join(max(0.0, wait_s))
        hangs = self.thread.is_alive()
        yield from list(self.findings)
        subject = self.check.subject
        if hangs:
            text = f"gave no answer within {self.check.limit_s:g} s"
            todo = f"ask it alone: edgevoice doctor {subject}; if it stays silent: sudo reboot"
            yield Finding("fail", subject, text, todo)
        elif self.broke is not None:
            text = f"the check itself broke ({self.broke!r})"[:300]
            todo = "please report it with what `edgevoice doctor --bundle` makes"
            yield Finding("fail", subject, text, todo)


def examine(checks: Sequence[Check]) -> Iterator[Finding]:
    """In the order of the checks, each as soon as it and those before it are there."""
    began = time.monotonic()
    looks = [_Look(check) for check in checks]
    for look in looks:
        look.start()
    for look in looks:
        yield from look.told(began + look.check.limit_s - time.monotonic())
