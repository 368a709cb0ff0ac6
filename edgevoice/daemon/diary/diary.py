"""What the board can tell its owner afterwards: when it was heard, why it did what, how long.

Privacy log, history of turns, reasons, and how the program ended the time before. No
word of what was said. Each writes its own file beside the event loop; outlives a
reload of the configuration.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from edgevoice.audio.wake_rule import Miss
from edgevoice.config import WakeWordConfig
from edgevoice.daemon.diary import explain
from edgevoice.daemon.diary.explain import Reason
from edgevoice.daemon.diary.failing import Failing
from edgevoice.daemon.diary.failures import Failures
from edgevoice.daemon.diary.privacy_files import read_privacy
from edgevoice.daemon.diary.privacy_log import PrivacyLog
from edgevoice.daemon.diary.privacy_reading import Reading
from edgevoice.daemon.diary.reasons import Reasons
from edgevoice.daemon.diary.recorder import Recorder
from edgevoice.daemon.diary.runs import NAME as RUN
from edgevoice.daemon.diary.runs import Runs
from edgevoice.daemon.diary.turn_history import TurnHistory
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.diary.waterfall import TurnReport
from edgevoice.daemon.ears import Ears
from edgevoice.daemon.runner import Runner
from edgevoice.hardware.system.boot import boot_id
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.transceiver.step import Step
from edgevoice.transceiver.transceiver import Transceiver


class Diary:
    def __init__(
        self,
        directory: Path,
        wall_clock: Callable[[], datetime],
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now`: a clock that is never put right."""
        self.directory = directory
        self.wall_clock = wall_clock
        self.privacy = PrivacyLog(directory, wall_clock, now)
        self.history = TurnHistory(directory, wall_clock)
        self.reasons = Reasons(directory, wall_clock)
        self.runs = Runs(StateFile(directory / RUN), wall_clock, boot_id)
        self.words: Sequence[WakeWordConfig] = ()
        self.state_since: datetime | None = None
        self.recorder = Recorder(directory, wall_clock)
        self.failures = Failures(directory, wall_clock)
        self.failing = Failing(self.failures, self.reasons, self.runs)
        self._has_begun = False

    async def run(self) -> None:
        with self.failures.log.attached():
            await self._run()

    async def _run(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._take_up(await asyncio.to_thread(self._look_back))
        else:  # its end has been written down, and it goes on
            await asyncio.to_thread(self.runs.go_on)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.privacy.run())
                tasks.create_task(self.history.run())
                tasks.create_task(self.reasons.run())
                tasks.create_task(self.recorder.run())
        finally:
            self.runs.end()

    def _look_back(self) -> Reading:
        """What was before. Blocking; small files."""
        self.reasons.load()
        self.runs.begin()
        return self.read_privacy()

    def _take_up(self, before: Reading) -> None:
        for interval in before.intervals:
            self.privacy.today.add(interval.began, interval.seconds or 0.0)
        if self.runs.before:
            told = f"the program began anew; the time before, {self.runs.before}"
            self.reasons.add(Reason("restart", told))

    def read_privacy(self) -> Reading:
        """All that is on disk. Blocking."""
        self.privacy.flush()
        return read_privacy(self.directory)

    def attach(self, runner: Runner, turns: TurnLog, ears: Ears) -> None:
        """What is noted is what these do."""
        runner.watchers.append(self.watch)
        self.failing.flight = lambda: runner.flight.entries
        turns.on_begin, turns.on_report = self.recorder.begin, self.turn_ended
        ears.tap, ears.on_missed = self.recorder.hear, self.missed
        ears.pace.on_slow = lambda seconds: self.reasons.add(explain.of_slowness(seconds))

    def watch(self, step: Step, mind: Transceiver) -> None:
        """A runner's watcher."""
        if step.before is not step.after or self.state_since is None:
            self.state_since = self.wall_clock()
        self.reasons.add(explain.of_step(step, mind.last_ending, self.words))
        self.reasons.add(explain.offline(step, mind.last_ending))
        self.failing.watch(step)

    def forget_files(self) -> None:
        """Of turns and reasons, and of when audio left. In any thread, after their memory."""
        with suppress(OSError):  # whoever erases the folder after us tells what stays
            self.history.erase()
        with suppress(OSError):
            self.privacy.erase()
        self.recorder.erase()
        self.failures.erase()
        self.reasons.erase()

    def missed(self, miss: Miss) -> None:
        """The ears' callback."""
        self.reasons.add(explain.of_miss(miss))

    def turn_ended(self, report: TurnReport) -> None:
        """The turn log's callback."""
        before = self.history.lately()
        turn = self.history.add(report)
        self.reasons.add(explain.of_turn(turn, before))
        self.recorder.end(turn, self.failing.flight())
