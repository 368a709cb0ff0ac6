"""What counts as a failure of a running device, and is kept (`failures.py`)."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from edgevoice.daemon.diary.explain import Reason
from edgevoice.daemon.diary.failures import Failure, Failures
from edgevoice.daemon.diary.reasons import Reasons
from edgevoice.daemon.diary.runs import Runs
from edgevoice.daemon.stall_watch import places
from edgevoice.errors import EdgeVoiceError, leaves
from edgevoice.transceiver.actions import Announce, Problem
from edgevoice.transceiver.flight import Entry
from edgevoice.transceiver.step import Step, broken_by

CUT_OFF = frozenset({Problem.CONNECTION_LOST, Problem.NO_ANSWER, Problem.ANSWER_FAILED})
"""Problems of a session that had begun. A relay that is away is no failure of ours."""


class Failing:
    def __init__(self, failures: Failures, reasons: Reasons, runs: Runs) -> None:
        self._failures = failures
        self._reasons = reasons
        self._runs = runs
        self.flight: Callable[[], Sequence[Entry]] = tuple

    def broke(self, flight: Sequence[Entry], what: str) -> None:
        """An invariant. A long record takes a small board seconds, in which sound goes on."""
        job = self._failures.job(Failure("invariant", what, flight))

        def write() -> str:
            told = f"an invariant broke ({what}){where(job())}"
            self._runs.trouble(told)
            return told

        writing = asyncio.get_running_loop().run_in_executor(None, write)
        writing.add_done_callback(
            lambda written: self._reasons.add(Reason("failure", written.result()))
        )

    def crashed(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """How a device ended, as `AsyncExitStack.push` wants it. Blocking."""
        bug = _bug(error)
        if bug is None:
            return
        stacks = places(bug.__traceback__)
        failure = Failure("crash", broken_by(bug), self.flight(), stacks)
        path = self._failures.keep(failure, asked=False)  # nothing is open any more
        self._runs.trouble(f"it broke down ({broken_by(bug)}){where(path)}")

    def stuck(self, what: str) -> None:
        """The watchdog will have us restarted."""
        asyncio.get_running_loop().run_in_executor(None, self._runs.trouble, what)
        self._later(Failure("stall", what, self.flight()))

    def stands_still(self, stacks: str) -> None:
        """The event loop does. In a thread of its own, the only one that still runs."""
        if self._failures.is_due("stall"):
            what = "the event loop stood still"
            path = self._failures.keep(Failure("stall", what, self.flight(), stacks), asked=False)
            self._runs.trouble(f"{what}{where(path)}")

    def watch(self, step: Step) -> None:
        """A session that ends with an apology."""
        for action in step.actions:
            if isinstance(action, Announce) and action.problem in CUT_OFF:
                what = f"a session ended with: {action.problem.value.replace('_', ' ')}"
                self._later(Failure("session", what, self.flight()))

    def _later(self, failure: Failure) -> None:
        """Beside the event loop."""
        if self._failures.is_due(failure.kind):
            job = self._failures.job(failure)
            writing = asyncio.get_running_loop().run_in_executor(None, job)
            writing.add_done_callback(lambda written: self._tell(failure, written.result()))

    def _tell(self, failure: Failure, path: Path | None) -> None:
        if path is not None:
            self._reasons.add(Reason("failure", failure.what + where(path)))


def _bug(error: BaseException | None) -> BaseException | None:
    """The first one that nobody expected."""
    if error is None:
        return None
    every = leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return next((one for one in every if _is_bug(one)), None)


def _is_bug(error: BaseException) -> bool:
    expected = isinstance(error, EdgeVoiceError) and not isinstance(error, AssertionError)
    return isinstance(error, Exception) and not expected


def where(path: Path | None) -> str:
    return f"; `edgevoice replay {path}` plays what led to it" if path else ""
