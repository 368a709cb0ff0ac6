"""The control socket's way to the light: for `edgevoice lights` and `edgevoice pair`."""

from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.daemon.control.commands import Command, Told
from edgevoice.daemon.gate_light import GateLight
from edgevoice.errors import ControlError
from edgevoice.hardware.lights.shows import LASTS_S, SHOWS

OVERLAP_S = 0.5
"""Who wants it longer asks again every `LASTS_S`; meanwhile it goes on."""


@dataclass(frozen=True, slots=True)
class LightCommands:
    light: Callable[[], GateLight]
    """The one there is by the time of a command."""

    def table(self) -> dict[str, Command]:
        return {"lights": Command(self._show, "show a pattern for 4 s", argument=True)}

    def _show(self, name: str) -> Told:
        if name not in SHOWS:
            raise ControlError(f'"{name}" is none of: {", ".join(SHOWS)}')
        self.light().demonstrate(name, LASTS_S + OVERLAP_S)
        return {"shows": name, "seconds": LASTS_S}
