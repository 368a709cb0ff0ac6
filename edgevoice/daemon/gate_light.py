"""Ties the light to the gate: whenever sound can leave, the light says so.

The transceiver asks for indications; this sees to it that the last word is the
gate's, whatever was asked for.
"""

from edgevoice.errors import GpioError
from edgevoice.hardware.lights import Indicator
from edgevoice.transceiver.indication import SESSION, Indication


class GateLight:
    def __init__(self, indicator: Indicator, required: bool) -> None:
        self._indicator = indicator
        self._required = required
        self._gate_is_open = False
        self.shown = Indication.IDLE

    def show(self, indication: Indication) -> None:
        """Show what is asked for, unless that would hide an open gate."""
        if self._gate_is_open and indication not in SESSION:
            indication = Indication.LISTENING
        self.shown = indication
        self._indicator.show(indication)

    def gate_changed(self, is_open: bool) -> None:
        """The gate's `on_change`; raising keeps it closed."""
        self._gate_is_open = is_open
        if is_open:
            self.show(self.shown)
            if self._required and not self._indicator.works:
                self._gate_is_open = False
                raise GpioError(
                    "the indicator does not work, and indicator.required forbids"
                    " sending without it; check its pins or set required to false"
                )
        elif self.shown in SESSION:
            self.show(Indication.IDLE)
