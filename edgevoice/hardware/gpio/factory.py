"""gpiozero's pins on libgpiod 2, for Pythons that have no lgpio.

gpiozero can use lgpio, whose wheels end with Python 3.12 and which Debian does not
have, and RPi.GPIO, which does not work on a Pi 5. Others can have these pins too:
GPIOZERO_PIN_FACTORY=edgevoice.

A line is claimed when a device needs it and given back when the device is closed.
"""

from collections import defaultdict
from contextlib import suppress
from typing import Any

from gpiozero.exc import (
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidFunction,
    PinInvalidPull,
    PinInvalidState,
    PinPWMFixedValue,
    PinSetInput,
    PinUnknownPi,
)
from gpiozero.pins.local import LocalPiFactory, LocalPiPin
from gpiozero.pins.pi import PiBoardInfo

from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.chip import BIASES, EDGES, Chip, EdgeSeen, Line, open_chip
from edgevoice.hardware.gpio.edge_reader import EdgeReader
from edgevoice.hardware.gpio.soft_pwm import SoftPwm

USUAL_HEADER = 0xA02082
"""A Pi 3B. The 40 pins are the same on every Pi since 2014, so a board that gpiozero
does not know yet has them too."""


class GpiodFactory(LocalPiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Raises GpioError where there is no chip, or no right to use it."""

    def __init__(self, chip: Chip | None = None) -> None:
        super().__init__()
        # gpiozero shares these between factories, so that nobody drives a pin by two
        # libraries. Here the kernel sees to that.
        self.pins: dict[Any, Any] = {}
        self._reservations: dict[Any, list[Any]] = defaultdict(list)
        self.chip = chip or open_chip()
        self.edges = EdgeReader()
        self.pwm = SoftPwm()
        self.pin_class = GpiodPin

    def close(self) -> None:
        super().close()
        self.edges.close()
        self.pwm.close()
        self.chip.close()

    def _get_board_info(self) -> Any:
        try:
            return super()._get_board_info()
        except PinUnknownPi:
            self._info = PiBoardInfo.from_revision(USUAL_HEADER)
            return self._info


class GpiodPin(LocalPiPin):  # type: ignore[misc]  # gpiozero has no types
    """One pin, as gpiozero's devices use it; `function` is `input` or `output`."""

    def __init__(self, factory: GpiodFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._line: Line | None = None
        self._is_output = False
        self._pull = info.pull or "floating"
        self._bounce: float | None = None
        self._edges = "both"
        self._watched = False
        self._frequency: float | None = None
        self._duty = 0.0

    def close(self) -> None:
        self._set_frequency(None)
        self._when_changed = None
        self._watched = False
        if self._is_output:
            # Some kernels let a released output go on driving (persist_gpio_outputs).
            with suppress(GpioError):
                self._claim_input()
        self._release()

    def output_with_state(self, state: float) -> None:
        self._claim_output(bool(state))

    def input_with_pull(self, pull: str) -> None:
        self._check_pull(pull)
        self._pull = pull
        self._claim_input()

    def _release(self) -> None:
        if self._line is not None:
            self._factory.edges.forget(self._line)
            self._factory.pwm.stop(self._line)
            self._line.release()
            self._line = None

    def _claim_input(self) -> Line:
        """Anew: the kernel lets one change what it was asked for, but not on every chip."""
        self._release()
        self._is_output = False
        edges = self._edges if self._watched else "none"
        line: Line = self._factory.chip.input(self._number, self._pull, edges, self._bounce or 0.0)
        self._line = line
        if self._watched:
            self._factory.edges.watch(line, self._edge_seen)
        return line

    def _claim_output(self, high: bool) -> None:
        self._release()
        self._line = self._factory.chip.output(self._number, high)
        self._is_output = True

    def _get_function(self) -> str:
        is_output = self._is_output if self._line else self._factory.chip.is_output(self._number)
        return "output" if is_output else "input"

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f'invalid function "{value}" for pin {self!r}')
        if value == "input":
            self._claim_input()
        elif not (self._line and self._is_output):
            self._claim_output(False)

    def _get_state(self) -> float:
        if self._frequency is not None:
            return self._duty
        line = self._line or self._claim_input()
        return int(line.read())

    def _set_state(self, value: float) -> None:
        if self._line is None or not self._is_output:
            raise PinSetInput(f"cannot set state of pin {self!r}")
        if not 0 <= value <= 1:
            raise PinInvalidState(f'invalid state "{value}" for pin {self!r}')
        if self._frequency is None:
            self._line.write(bool(value))
        else:
            self._duty = float(value)
            self._factory.pwm.set(self._line, 1 / self._frequency, self._duty)

    def _get_frequency(self) -> float | None:
        return self._frequency

    def _set_frequency(self, value: float | None) -> None:
        if value is not None and value > 0:
            if not self._is_output:
                raise PinPWMFixedValue(f"cannot start PWM on pin {self!r}")
            self._frequency = value
        elif self._frequency is not None and self._line is not None:
            self._factory.pwm.set(self._line, 1 / self._frequency, 0)
            self._frequency, self._duty = None, 0.0

    def _get_pull(self) -> str:
        return str(self._pull)

    def _set_pull(self, value: str) -> None:
        if self._is_output:
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        self.input_with_pull(value)

    def _check_pull(self, pull: str) -> None:
        if pull not in BIASES:
            raise PinInvalidPull(f'invalid pull "{pull}" for pin {self!r}')
        if self.info.pull not in (pull, ""):
            raise PinFixedPull(f"{self!r} has a physical pull-{self.info.pull} resistor")

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        """The kernel's debouncing; edgevoice leaves it off and has its own."""
        if value is not None and value < 0:
            raise PinInvalidBounce("bounce must be 0 or greater")
        if value != self._bounce:
            self._bounce = value
            self._claim_input()

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        if value not in EDGES:
            raise ValueError(f'edges of pin {self!r} cannot be "{value}"')
        if value != self._edges:
            self._edges = value
            if self._watched:
                self._claim_input()

    def _enable_event_detect(self) -> None:
        self._watched = True
        self._claim_input()

    def _disable_event_detect(self) -> None:
        self._watched = False
        self._claim_input()

    def _edge_seen(self, edge: EdgeSeen) -> None:
        self._call_when_changed(edge.at_s, int(edge.high))
