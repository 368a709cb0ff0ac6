"""Boards that are made up: a folder for their files, a table for what their commands say."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine, Told
from edgevoice.errors import ControlError

WELL = {"version": "0.1.0", "state": "idle", "muted": False, "microphone": "ok"}

NOW = 1_796_000_000.0
"""In the winter of 2026, and synchronised."""

USERS = """\
root:x:0:0:root:/root:/bin/bash
pi:x:1000:1000:,,,:/home/pi:/bin/bash
edgevoice:x:990:990::/var/lib/edgevoice:/usr/sbin/nologin
edgevoice-relay:x:991:991::/var/lib/edgevoice-relay:/usr/sbin/nologin
"""


class Board:
    """`files` below its root; commands say what `says` has for their first words."""

    def __init__(
        self,
        root: Path,
        files: Mapping[str, str] | None = None,
        says: Mapping[str, str | Told] | None = None,
        now: float = NOW,
        uid: int = 1000,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.asked: list[Sequence[str]] = []
        self._says = dict(says or {})
        for name, text in ({"etc/passwd": USERS} | dict(files or {})).items():
            self.write(name, text)
        self.machine = Machine(root, self._run, environment or {}, lambda: now, uid)

    def write(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def link(self, name: str, target: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def runs(self, pid: int, command: str, name: str = "") -> None:
        """A process with its threads' one number, as /proc shows it."""
        self.write(f"proc/{pid}/cmdline", command.replace(" ", "\0") + "\0")
        self.write(f"proc/{pid}/comm", (name or Path(command.split()[0]).name) + "\n")
        self.write(f"proc/{pid}/status", f"Name:\tx\nTgid:\t{pid}\n")

    def has_card(self, number: int, identity: str, description: str = "a card") -> None:
        listing = self.root / "proc/asound/cards"
        before = listing.read_text() if listing.exists() else ""
        line = f" {number} [{identity:15}]: driver - {description}\n{'':22}{description}\n"
        self.write("proc/asound/cards", before + line)

    def _run(self, command: Sequence[str]) -> Told | None:
        self.asked.append(command)
        words = " ".join(command)
        for begins, said in self._says.items():
            if words.startswith(begins):
                return said if isinstance(said, Told) else Told(0, said)
        return None


class Assistant:
    """Answers what it was given for a command; a string refuses, None is nobody there."""

    def __init__(self, status: Mapping[str, Any] | OSError | None = WELL, **others: Any) -> None:
        self._answers = {"status": status, **others}

    def __call__(self, socket: str, command: str) -> dict[str, Any]:
        answer = self._answers.get(command)
        if isinstance(answer, OSError):
            raise ControlError("permission denied") from answer
        if answer is None:
            raise ControlError("nobody answers; start it") from FileNotFoundError()
        return dict(answer)


NOBODY = Assistant(None)


def only(found: Iterable[Finding], name: str = "") -> Finding:
    """The one finding (of that name)."""
    (finding,) = [finding for finding in found if not name or finding.name == name]
    return finding


def levels(found: Iterable[Finding]) -> dict[str, str]:
    """By name, the worst of each."""
    worst = {"ok": 0, "warn": 1, "fail": 2}
    told: dict[str, str] = {}
    for finding in found:
        before = told.get(finding.name, "ok")
        told[finding.name] = max(before, finding.level, key=worst.__getitem__)
    return told
