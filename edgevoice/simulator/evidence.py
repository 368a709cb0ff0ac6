"""What a scenario leaves when it fails: enough to play it again, and to see where it went wrong.

`flight-record.jsonl` (`edgevoice replay` plays it), `failure.json`, `log.txt`, and beside
them the scenario and the settings it was played with. The relay's log lies where it always
does, in the folder above.
"""

import shutil
import sys
from pathlib import Path
from types import TracebackType

from edgevoice.daemon.app import Device
from edgevoice.daemon.diary.failures import ABOUT, Failure
from edgevoice.daemon.stall_watch import places

FOLDER = "failure"


class Evidence:
    def __init__(self, out: Path, scenario: Path, device: Device) -> None:
        self.folder = out / FOLDER
        self._out = out
        self._scenario = scenario
        self._device = device

    def keep(self, what: str, stacks: str = "") -> None:
        """Blocking."""
        flight = self._device.runner.flight.entries
        self._device.failures.leave(self.folder, Failure("expectation", what, flight, stacks))
        shutil.copy(self._scenario, self.folder / "scenario.yaml")
        shutil.copy(self._out / "config.yaml", self.folder / "config.yaml")

    def ended(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """For `AsyncExitStack.push`: whatever ends it but its own end is a failure."""
        if isinstance(error, Exception):
            self.keep(f"it ended by {type(error).__name__}", places(trace))
            print(told(self._out), file=sys.stderr)


def clear(out: Path) -> None:
    """Take away what an earlier failure has left, and nobody else's folder of that name."""
    if (out / FOLDER / ABOUT).is_file():
        shutil.rmtree(out / FOLDER, ignore_errors=True)


def told(out: Path) -> str:
    folder = out / FOLDER
    return f"what led to it is in {folder}; `edgevoice replay {folder}` plays it"
