"""When the program began, and how it ended the time before: in good order, or not.

A file says that it runs and, at its end, how that came. Who finds the first without
the second knows that it was killed, crashed, or lost its power.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from edgevoice.hardware.system.state_file import StateFile

NAME = "run.json"


class Runs:
    def __init__(
        self, file: StateFile, wall_clock: Callable[[], datetime], boot_id: Callable[[], str]
    ) -> None:
        self._file = file
        self._wall_clock = wall_clock
        self._boot_id = boot_id
        self._run: dict[str, Any] = {}
        self.before = ""
        """How the time before ended; empty when there was none."""
        self.began = ""

    def begin(self) -> None:
        """Blocking: a small file is read and written."""
        self._begin(self._file.load())
        self._file.save(self._run)

    def _begin(self, last: dict[str, Any]) -> None:
        boot_id = self._boot_id()
        self.before = how_it_ended(last, boot_id) if last else ""
        self.began = self._wall_clock().isoformat(timespec="seconds")
        self._run = {"began": self.began, "boot_id": boot_id}

    def go_on(self) -> None:
        """It has not ended after all. Blocking."""
        if self._run:
            self._file.save(self._run)

    def trouble(self, what: str) -> None:
        """Whatever comes next, this was before it. Blocking."""
        if self._run:
            self._run["trouble"] = what
            self._file.save(self._run)

    def end(self) -> None:
        """In good order. Blocking."""
        if self._run:
            at = self._wall_clock().isoformat(timespec="seconds")
            self._file.save(self._run | {"ended": at})


def how_it_ended(last: dict[str, Any], boot_id: str) -> str:
    if isinstance(last.get("ended"), str):
        return "it was stopped in good order"
    if last.get("boot_id") != boot_id:  # trouble before that may have been survived for weeks
        return "the board was switched off, lost its power or was restarted"
    trouble = last.get("trouble")
    if isinstance(trouble, str) and trouble:
        return trouble
    return "it was killed, by the watchdog, for want of memory, or by somebody"
