"""The outputs that can be switched by voice. What words switch them is `tools/light.py`."""

from collections.abc import Sequence
from typing import Any

from edgevoice.config import LampConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import PinSource, board_pins, translated


class Lamps:
    """All off when opened and when closed."""

    def __init__(self, configs: Sequence[LampConfig], pins: PinSource = board_pins) -> None:
        self._configs = configs
        self._pins = pins
        self._outputs: dict[str, Any] = {}

    @property
    def names(self) -> list[str]:
        return [config.name for config in self._configs]

    def open(self) -> None:
        """Claim the pins; raises GpioError when one cannot be used."""
        if not self._configs or (pins := self._pins()) is None:
            return
        try:
            for config in self._configs:
                self._outputs[config.name] = pins.output(config.pin, config.active_high)
        except GpioError:
            self.close()
            raise

    def switch(self, name: str, on: bool) -> None:
        """Raises GpioError when there is no such lamp, or it cannot be switched."""
        if name not in self.names:
            raise GpioError(f'no lamp is called "{name}"; lamps: {", ".join(self.names) or "none"}')
        if name not in self._outputs:
            raise GpioError(
                f'lamp "{name}" cannot be switched: this machine has no GPIO;'
                " `edgevoice doctor pins` says why"
            )
        with translated(f'lamp "{name}"'):
            self._outputs[name].value = on

    def close(self) -> None:
        """Everything off; the pins are given back."""
        for name, output in self._outputs.items():
            with translated(f'lamp "{name}"'):
                output.off()
                output.close()
        self._outputs.clear()
