"""Why its name is not listened for though the microphone is open, and how the owner is told.

Either a model could not be loaded, or its name is said again and again and nobody means
it (`wake_storm.py`). Button and `edgevoice wake` work all the same.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from edgevoice.config import WakeConfig
from edgevoice.daemon.control.commands import Told
from edgevoice.daemon.control.status_line import StatusLine
from edgevoice.daemon.ears import Ears
from edgevoice.daemon.gate_light import GateLight
from edgevoice.daemon.runner import Runner
from edgevoice.daemon.wake_storm import MOST_IN_VAIN, WakeStorm
from edgevoice.transceiver.inputs import ButtonPressed, Input, UnmuteRequested, WakeDetected
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver

log = logging.getLogger(__name__)

NOBODY_SPOKE = "no speech"
"""As the transceiver calls such an ending."""


class Attention:
    def __init__(
        self, wake: WakeConfig, unheard: Sequence[str], clock: Callable[[], float]
    ) -> None:
        """`unheard`: of each wake word whose model is missing, what it is and what to do."""
        self._storm = WakeStorm(wake.snooze_minutes * 60)
        self._minutes = wake.snooze_minutes
        self._unheard = tuple(unheard)
        self._clock = clock
        self._before = State.IDLE
        self._woken_by_word = False
        self._changed = asyncio.Event()

    def attach(self, runner: Runner, ears: Ears, light: GateLight, line: StatusLine) -> None:
        """What is listened to and shown follows from what happens, from now on."""
        self._runner, self._light, self._line = runner, light, line
        ears.is_snoozed = lambda: self._storm.is_snoozed(self._clock())
        ears.why_deaf = line.why_deaf = lambda: self.why
        runner.observers.insert(0, self._observe)

    @property
    def why(self) -> str:
        """One sentence; empty while it listens."""
        if self._storm.until is not None and self._storm.is_snoozed(now := self._clock()):
            return (
                f"its name woke it {MOST_IN_VAIN + 1} times and nobody spoke: it is ignored for"
                f" {(self._storm.until - now) / 60:.0f} min more, or until the button is pressed"
            )
        return "; ".join(self._unheard)

    def status(self) -> Told:
        """A part of the status."""
        return {"deaf": self.why or None}

    async def run(self) -> None:
        while True:
            self._changed.clear()
            self._show()
            until = self._storm.until
            left_s = None if until is None else until - self._clock()
            try:
                async with asyncio.timeout(left_s):
                    await self._changed.wait()
            except TimeoutError:
                log.info("its name is listened for again")
                self._storm.attended()

    def _show(self) -> None:
        self._light.deafen(bool(self.why))
        self._line.show(self._runner.transceiver)

    def _observe(self, happened: Input, mind: Transceiver) -> None:
        before, self._before = self._before, mind.state
        if isinstance(happened, ButtonPressed | UnmuteRequested):
            self._storm.attended()
            self._changed.set()
        if before is State.IDLE and mind.state is not State.IDLE:
            self._woken_by_word = isinstance(happened, WakeDetected)
        if mind.state in (State.THINKING, State.SPEAKING):
            self._storm.meant()
        if before is not State.IDLE and mind.state is State.IDLE:
            self._ended(mind.last_ending)

    def _ended(self, why: str) -> None:
        if not (self._woken_by_word and why == NOBODY_SPOKE):
            return
        if self._storm.in_vain(self._clock()):
            log.warning(
                "woken %d times, and nobody spoke: its name is ignored for %g min, or until"
                " the button is pressed (wake.snooze_minutes)",
                MOST_IN_VAIN + 1,
                self._minutes,
            )
            self._changed.set()
