"""What the control socket and the simulator ask of a running device, and what they are told.

Commands become inputs of the transceiver or turn a knob; nothing is decided here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.runner import Runner
from edgevoice.errors import ControlError
from edgevoice.transceiver.inputs import (
    ForgetRequested,
    MuteRequested,
    StopRequested,
    UnmuteRequested,
)
from edgevoice.transceiver.states import State

KNOWN = "status, wake, mute, unmute, stop, forget, volume, levels"

Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Commands:
    runner: Runner
    volume: Volume
    press: Callable[[], None]
    """What the button does."""
    status: Callable[[], Told]
    levels: Callable[[], Told]

    def obey(self, line: str) -> dict[str, Any]:
        """One command with its argument, such as `volume +10`; ControlError for the unknown."""
        name, _, argument = line.strip().partition(" ")
        if argument and name != "volume":
            raise ControlError(f"{name} takes no argument")
        match name:
            case "status":
                return dict(self.status())
            case "levels":
                return dict(self.levels())
            case "volume":
                return {"volume": self.volume.turn(argument) if argument else self.volume.percent}
            case "forget":
                return self._forget()
            case "wake":
                self._wake()
            case "mute":
                self.runner.post(MuteRequested("control"))
            case "unmute":
                self.runner.post(UnmuteRequested("control"))
            case "stop":
                self.runner.post(StopRequested("control"))
            case _:
                raise ControlError(f"unknown command {name!r}; known: {KNOWN}")
        return {}

    def _forget(self) -> dict[str, Any]:
        known = self.runner.transceiver.conversation
        self.runner.post(ForgetRequested())
        return {
            "erased_items": len(known.items),
            "erased_bytes": known.size_bytes,
            "elsewhere": "our relay forgets by itself (relay.context_minutes), others on their own"
            " terms; a conversation that is going on keeps what it knows until its end",
        }

    def _wake(self) -> None:
        mind = self.runner.transceiver
        if mind.facts.muted:
            raise ControlError("it is muted; `edgevoice unmute` first")
        if mind.facts.microphone_lost:
            raise ControlError("its microphone is lost; `edgevoice devices` shows what there is")
        if mind.state in (State.CONNECTING, State.LISTENING):
            raise ControlError("it is listening already")
        self.press()
