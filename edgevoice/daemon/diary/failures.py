"""Each failure leaves a folder in the state folder: what led to it, and what it was like.

`flight-record.jsonl` (`edgevoice replay` plays it), `failure.json` (what, when, versions,
settings, status), `stacks.txt` where something stood still or was thrown, `log.txt`. No
word that was said, no text that an owner has written, no sound. Few are kept, of each kind.
"""

import json
import logging
import platform
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal

from edgevoice import __version__
from edgevoice.config import Config
from edgevoice.daemon.diary.bare_settings import bare
from edgevoice.daemon.diary.flight_file import FLIGHT_RECORD, write_flight, write_private
from edgevoice.daemon.diary.log_tail import LogTail
from edgevoice.errors import ControlError
from edgevoice.hardware.system.folder_lock import alone_in
from edgevoice.transceiver.flight import Entry

log = logging.getLogger(__name__)

FOLDER = "failures"
PARTIAL = "partial"
ABOUT = "failure.json"

Kind = Literal["invariant", "crash", "stall", "session", "expectation"]
"""The last one is of a simulation or a test, and lies elsewhere."""

MOST_OF_A_KIND = 3
"""Sessions that were cut off do not push out what led to a crash. Some 300 kB each, at most."""
AGAIN_S = 600.0
"""After a session that was cut off or a stall, the next one of it: a bad network has many."""
PATIENCE_S = 5.0
"""A long record takes a small board seconds."""
SELDOM: frozenset[Kind] = frozenset({"session", "stall"})

TOLD = frozenset(
    {
        "state", "muted", "microphone", "speaker", "gate", "volume", "dropped_blocks", "captured_s",
        "receiving", "context", "unknown_events", "last_error", "rms_dbfs", "started",
    }
)  # fmt: skip
"""Of the status: what is a number or a choice."""


@dataclass(frozen=True, slots=True)
class Failure:
    kind: Kind
    what: str
    """In our words."""
    flight: Sequence[Entry]
    stacks: str = ""


class Failures:
    def __init__(
        self,
        directory: Path,
        wall_clock: Callable[[], datetime],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`patience_s`: with another process that has the same folder, and writes one now."""
        self.folder = directory / FOLDER
        self._wall_clock = wall_clock
        self._patience_s = patience_s
        self._last: dict[Kind, datetime] = {}
        self._writing = threading.Lock()
        self._generation = 0
        """Grows when all is forgotten: what happened before is not written any more."""
        self.log = LogTail()
        self.config: Config | None = None
        self.status: Callable[[], Mapping[str, Any]] = dict

    def is_due(self, kind: Kind) -> bool:
        """Whether one more of it is to be kept."""
        last = self._last.get(kind)
        elapsed_s = abs((self._wall_clock() - last).total_seconds()) if last else AGAIN_S
        return kind not in SELDOM or elapsed_s >= AGAIN_S

    def job(self, failure: Failure, *, asked: bool = True) -> Callable[[], Path | None]:
        """What writes it, in any thread, and says where; None: it is not written.

        All that belongs to the event loop is read now. `asked`: the status, too.
        """
        now = self._wall_clock()
        self._last[failure.kind] = now
        about = self._about(failure, now, self.status() if asked else {})
        generation = self._generation
        return lambda: self._keep(failure, now, about, generation)

    def keep(self, failure: Failure, *, asked: bool = True) -> Path | None:
        """Blocking."""
        return self.job(failure, asked=asked)()

    def leave(self, folder: Path, failure: Failure) -> None:
        """There, for whoever simulates or tests a device: nobody's words need hiding. Blocking."""
        now = self._wall_clock()
        about = self._about(failure, now, self.status())
        self._fill(folder, failure, now, about, masked=False)

    def kept(self) -> list[Path]:
        """Oldest first. Blocking."""
        return kept(self.folder)

    def forget(self) -> None:
        """In memory."""
        self.log.forget()
        self._generation += 1

    def erase(self) -> None:
        """In any thread, after `forget`."""
        with self._writing:
            shutil.rmtree(self.folder, ignore_errors=True)

    def dismiss(self, name: str) -> dict[str, list[str]]:
        """See `dismiss` below."""
        with self._writing:
            return dismiss(self.folder, name)

    def _about(self, failure: Failure, now: datetime, status: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "edgevoice_failure": 1,
            "kind": failure.kind,
            "what": failure.what,
            "at": now.isoformat(timespec="seconds"),
            "version": __version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "status": {name: value for name, value in status.items() if name in TOLD},
            "settings": bare(self.config) if self.config else {},
        }

    def _keep(
        self, failure: Failure, now: datetime, about: Mapping[str, Any], generation: int
    ) -> Path | None:
        with self._writing:
            if generation != self._generation:
                return None
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with alone_in(self.folder.parent, self._patience_s):
                    return self._write_alone(failure, now, about)
            except OSError as trouble:
                log.error("a failure cannot be written down in %s: %s", self.folder, trouble)
                return None

    def _write_alone(self, failure: Failure, now: datetime, about: Mapping[str, Any]) -> Path:
        try:
            return self._write(failure, now, about)
        except OSError:
            # Half of it would take the room of others on a disk that is full.
            shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)
            raise

    def _write(self, failure: Failure, now: datetime, about: Mapping[str, Any]) -> Path:
        """All of it, or nothing under its name."""
        partial = self.folder / PARTIAL
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        self._fill(partial, failure, now, about)
        named = self._free_name(failure.kind, now)
        partial.rename(named)
        self._drop_oldest(failure.kind, named)
        return named

    def _free_name(self, kind: Kind, now: datetime) -> Path:
        """Two may fail in the same second; their names are in order of time, too."""
        stamp = f"{now:%Y%m%d-%H%M%S}"
        names = chain([stamp], (f"{stamp}.{number}" for number in count(2)))
        paths = (self.folder / f"{name}-{kind}" for name in names)
        return next(path for path in paths if not path.exists())

    def _fill(
        self,
        folder: Path,
        failure: Failure,
        now: datetime,
        about: Mapping[str, Any],
        *,
        masked: bool = True,
    ) -> None:
        broken = failure.what if failure.kind == "invariant" else ""
        why = "" if broken else failure.what
        write_flight(folder / FLIGHT_RECORD, failure.flight, broken, now, masked=masked, why=why)
        write_private(folder / ABOUT, [json.dumps(about, indent=1, default=str)])
        for name, text in (("stacks.txt", failure.stacks), ("log.txt", self.log.text)):
            if text:
                write_private(folder / name, [text.rstrip("\n")])

    def _drop_oldest(self, kind: Kind, newest: Path) -> None:
        """A clock that was put back makes the newest look older than those before."""
        alike = [path for path in self.kept() if path.name.endswith(f"-{kind}")]
        others = [path for path in alike if path != newest]
        for old in others[: 1 - MOST_OF_A_KIND]:
            shutil.rmtree(old, ignore_errors=True)


def kept(folder: Path) -> list[Path]:
    """Oldest first."""
    try:
        found = [path for path in folder.iterdir() if (path / ABOUT).is_file()]
    except OSError:
        return []
    return sorted(path for path in found if path.name != PARTIAL)


def dismiss(folder: Path, name: str) -> dict[str, list[str]]:
    """Erase one that its owner has looked at, and say so, or what is in the way. Blocking.

    ControlError: none is called that.
    """
    there = {path.name: path for path in kept(folder)}
    if name not in there:
        known = ", ".join(there) or "none"
        raise ControlError(f"no failure is called {name!r}: name one of those there are ({known})")
    try:
        shutil.rmtree(there[name])
    except OSError as error:
        return {"erased": [], "stuck": [f"{there[name]}: {error.strerror or error}"]}
    return {"erased": [f"the failure {name}"], "stuck": []}
