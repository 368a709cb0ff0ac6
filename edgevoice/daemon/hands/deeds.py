"""What hands can bring about: what a gesture, a key or a knob means, done.

Meanings become inputs of the transceiver or turn a knob; a sound says that it was
understood, where nothing else would.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.config import Meaning
from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.runner import Runner
from edgevoice.transceiver.actions import Action, PlaySound
from edgevoice.transceiver.inputs import (
    ForgetRequested,
    MuteRequested,
    StopRequested,
    UnmuteRequested,
)

log = logging.getLogger(__name__)

SOURCE = "button"

SOUND_AFTER_S = 0.05
"""Stopping stops sounds too; what was posted has been done by then."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What hands can move."""

    runner: Runner
    volume: Volume
    press: Callable[[float], object]
    """Talk: somebody pressed at this moment."""
    perform: Callable[[Action], object]


class Deeds:
    def __init__(
        self, reach: Reach, step_percent: int, switch_is_on: Callable[[], bool] = lambda: False
    ) -> None:
        self._reach = reach
        self._step_percent = step_percent
        self._switch_is_on = switch_is_on

    @property
    def is_muted(self) -> bool:
        return self._reach.runner.transceiver.facts.muted

    def do(self, meaning: Meaning, at: float) -> None:
        """`at` is when the hand moved. Nothing is silently ignored while muted."""
        match meaning:
            case "talk":
                self._reach.press(at)
            case "stop":
                self._stop()
            case "mute":
                self._toggle_mute()
            case "forget":
                self._forget()
            case "louder":
                self.change_volume(+1)
            case "softer":
                self.change_volume(-1)
            case "none":
                if self.is_muted:
                    self._reach.perform(PlaySound("muted"))

    def change_volume(self, steps: int) -> None:
        self._reach.volume.change(steps * self._step_percent)

    def take_back(self) -> None:
        """The talk that a press began was not meant."""
        self._reach.runner.post(StopRequested(SOURCE))

    def tick(self, repeat: bool = False) -> None:
        self._reach.perform(PlaySound("connecting", repeat))

    def _stop(self) -> None:
        self._reach.runner.post(StopRequested(SOURCE))
        if self.is_muted:
            self._say("muted")

    def _toggle_mute(self) -> None:
        if not self.is_muted:
            self._reach.runner.post(MuteRequested(SOURCE))
            self._say("muted")
        elif self._switch_is_on():
            log.info("it stays muted: the mute switch is on")
            self._say("muted")
        else:
            self._reach.runner.post(UnmuteRequested(SOURCE))
            self._say("done")

    def _forget(self) -> None:
        """A conversation that goes on would keep what it knows."""
        self._reach.runner.post(StopRequested(SOURCE))
        self._reach.runner.post(ForgetRequested())
        self._say("done")

    def _say(self, sound: str) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(SOUND_AFTER_S, self._reach.perform, PlaySound(sound))
