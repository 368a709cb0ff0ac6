"""The machine as the checks see it: its files, commands, users and clock.

Everything a check reads of it goes through here, so that a test makes up a whole board
out of a folder and a table of answers. Nothing here raises for what is missing.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND_S = 2.0
MOST_BYTES = 262_144
"""Of one file: those of /proc and /sys are far smaller."""

SERVICE_USER = "edgevoice"


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class User:
    name: str
    uid: int
    groups: frozenset[int]


Run = Callable[[Sequence[str]], Told | None]
"""None: there is no such command, or it did not answer in time."""


def run_command(command: Sequence[str]) -> Told | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=COMMAND_S,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Told(done.returncode, done.stdout.decode(errors="replace")[:MOST_BYTES])


class Machine:
    def __init__(
        self,
        root: Path = Path("/"),
        run: Run = run_command,
        environment: Mapping[str, str] = os.environ,
        now: Callable[[], float] = time.time,
        uid: int | None = None,
    ) -> None:
        self.root = root
        self._run = run
        self.environment = environment
        self.now = now
        self.uid = os.geteuid() if uid is None else uid

    @property
    def is_root(self) -> bool:
        return self.uid == 0

    def path(self, name: str) -> Path:
        """Below the root, whether `name` begins with a slash or not."""
        return self.root / name.lstrip("/")

    def name(self, path: Path) -> str:
        """The opposite of `path`."""
        return "/" + str(path.relative_to(self.root))

    def text(self, name: str) -> str:
        """Empty where it cannot be read; device-tree strings end with a NUL."""
        try:
            with self.path(name).open("rb") as file:
                return file.read(MOST_BYTES).decode(errors="replace").strip("\0 \n")
        except OSError:
            return ""

    def number(self, name: str) -> int | None:
        try:
            return int(self.text(name), 0)
        except ValueError:
            return None

    def glob(self, pattern: str) -> list[Path]:
        try:
            return sorted(self.root.glob(pattern.lstrip("/")))
        except OSError:
            return []

    def exists(self, name: str) -> bool:
        try:
            return self.path(name).exists()
        except OSError:  # a folder that this user may not look into
            return False

    def run(self, *command: str) -> Told | None:
        return self._run(command)

    def users(self) -> dict[str, User]:
        """By name, with all their groups."""
        groups = list(self._lines("etc/group", 4))
        found = {}
        for name, _, uid, gid, *_ in self._lines("etc/passwd", 4):
            own = {int(row[2]) for row in groups if name in row[3].split(",")}
            found[name] = User(name, int(uid), frozenset({int(gid), *own}))
        return found

    def groups(self) -> dict[int, str]:
        return {int(row[2]): row[0] for row in self._lines("etc/group", 3)}

    def members(self, group: str) -> list[str]:
        """Those who are in it besides its own user."""
        rows = [row for row in self._lines("etc/group", 4) if row[0] == group]
        return [name for row in rows for name in row[3].split(",") if name]

    def service_user(self) -> User:
        """Whom the assistant runs as: the service's user where it is installed, else us."""
        users = self.users()
        mine = [user for user in users.values() if user.uid == self.uid]
        nobody = User(str(self.uid), self.uid, frozenset())
        return users.get(SERVICE_USER) or next(iter(mine), nobody)

    def _lines(self, name: str, least: int) -> Iterator[list[str]]:
        for line in self.text(name).splitlines():
            fields = line.split(":")
            if len(fields) >= least and fields[2].isdecimal():
                yield fields


def may_use(path: Path, user: User) -> bool:
    """Read and write, by the file's mode; root may always."""
    try:
        found = path.stat()
    except OSError:
        return False
    if user.uid == 0:
        return True
    if found.st_uid == user.uid:
        return found.st_mode & 0o600 == 0o600
    if found.st_gid in user.groups:
        return found.st_mode & 0o060 == 0o060
    return found.st_mode & 0o006 == 0o006
