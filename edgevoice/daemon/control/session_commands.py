"""The commands that every board understands: what the button and a knob can do, and more.

They become inputs of the transceiver or turn a knob.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.control.commands import Command, Told
from edgevoice.daemon.runner import Runner
from edgevoice.errors import ControlError
from edgevoice.transceiver.inputs import (
    Input,
    MuteRequested,
    StopRequested,
    UnmuteRequested,
)
from edgevoice.transceiver.states import State


@dataclass(frozen=True, slots=True)
class SessionCommands:
    runner: Runner
    volume: Volume
    press: Callable[[str], None]
    """What the button does, for somebody else."""
    switch_is_on: Callable[[], bool] = lambda: False
    """The hardware mute switch, which nobody overrules."""

    def table(self) -> dict[str, Command]:
        return {
            "wake": Command(self._wake, "start listening"),
            "mute": Command(self._posting(MuteRequested("control")), "close the microphone"),
            "unmute": Command(self._unmute, "open it again"),
            "stop": Command(self._posting(StopRequested("control")), "be quiet and hang up"),
            "volume": Command(self._turn, "how loud it is: 40, +10, -10", argument=True),
        }

    def _posting(self, happened: Input) -> Callable[[str], Told]:
        def post(argument: str) -> Told:
            self.runner.post(happened)
            return {}

        return post

    def _unmute(self, argument: str) -> Told:
        if self.switch_is_on():
            raise ControlError("its mute switch is on; only that switch ends it")
        self.runner.post(UnmuteRequested("control"))
        return {}

    def _turn(self, wanted: str) -> Told:
        return {"volume": self.volume.turn(wanted) if wanted else self.volume.percent}

    def _wake(self, argument: str) -> Told:
        mind = self.runner.transceiver
        if mind.facts.muted:
            raise ControlError("it is muted; `edgevoice unmute` first")
        if mind.facts.microphone_lost:
            raise ControlError("its microphone is lost; `edgevoice devices` shows what there is")
        if mind.state in (State.CONNECTING, State.LISTENING):
            raise ControlError("it is listening already: talk")
        self.press("control")
        return {}
