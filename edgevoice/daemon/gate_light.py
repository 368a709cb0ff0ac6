"""Ties the light to the gate: whenever sound can leave, the light says so.

The transceiver asks for indications; this sees to it that the last word is the
gate's, whatever was asked for.
"""

from collections.abc import Callable

from edgevoice.errors import ControlError, GpioError
from edgevoice.hardware.lights.indicator import Indicator
from edgevoice.hardware.lights.scene import QUIET
from edgevoice.transceiver.indication import SESSION, Indication


class GateLight:
    def __init__(self, indicator: Indicator, required: bool, stop: Callable[[], None]) -> None:
        """`stop` ends the session, soon."""
        self._indicator = indicator
        self._required = required
        self._stop = stop
        self._gate_is_open = False
        self._records = False
        self._is_deaf = False
        self._wanted = self.shown = Indication.IDLE

    def record(self, on: bool) -> None:
        """Whether the sound of turns is kept on the board, which is seen while nothing else is."""
        self._records = on
        if self._wanted is Indication.IDLE:
            self.show(Indication.IDLE)

    def deafen(self, on: bool) -> None:
        """Whether its name is not listened for, which looks like any other way to be away."""
        self._is_deaf = on
        if self._wanted is Indication.IDLE:
            self.show(Indication.IDLE)

    def show(self, indication: Indication) -> None:
        """Show what is asked for, unless that would hide an open gate."""
        if self._gate_is_open and indication not in SESSION:
            indication = Indication.LISTENING
        self._wanted = indication
        if self._is_deaf and indication is Indication.IDLE and not self._records:
            indication = Indication.OFFLINE
        if self._records and indication is Indication.IDLE:
            indication = Indication.RECORDING
        self.shown = indication
        self._indicator.show(indication)

    def gate_changed(self, is_open: bool) -> None:
        """The gate's `on_change`; raising keeps it closed."""
        if is_open:
            self.show(self.shown if self.shown in SESSION else Indication.LISTENING)
            if self._required and not self._indicator.works:
                raise GpioError(
                    "the indicator does not work, and indicator.required forbids"
                    " sending without it; check its pins or set required to false"
                )
        self._gate_is_open = is_open
        if not is_open and self.shown in SESSION:
            self.show(Indication.IDLE)

    def lost(self) -> None:
        """The indicator has just failed, maybe within a session."""
        if self._gate_is_open and self._required and not self._indicator.works:
            self._stop()

    def demonstrate(self, name: str, seconds: float) -> None:
        """For somebody who wants to see it; ControlError while there is something true to see."""
        if self.shown not in QUIET:
            raise ControlError(
                f'the light says "{self.shown.value}", which must be seen; try again later'
            )
        self._indicator.demonstrate(name, seconds)
