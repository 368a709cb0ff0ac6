"""The button: what a press is, and the hop from the GPIO library's thread to the loop.

What a press means is the transceiver's business.
"""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Any

from edgevoice.config import ButtonConfig
from edgevoice.hardware.pins import PinSource, board_pins

log = logging.getLogger(__name__)


class Verdict(Enum):
    PRESSED = "pressed"
    RELEASED = "released"
    STUCK = "stuck"


class Contact:
    """A bouncing contact, fed with levels and the time; pure.

    A level counts once it has lasted `bounce_s`, so that a spike on a long wire
    does not open the gate. Waiting that long loses nothing: the ring buffer
    remembers. A contact that is closed from the beginning is no press.
    """

    def __init__(self, bounce_s: float, stuck_s: float, pressed: bool = False) -> None:
        self._bounce_s = bounce_s
        self._stuck_s = stuck_s
        self._level = self._settled = pressed
        self._since = 0.0
        self.stuck = pressed
        self.deadline: float | None = None

    def feed(self, pressed: bool, now: float) -> list[Verdict]:
        """The level changed; what had become certain before this moment."""
        verdicts = self.passed(now)
        if pressed != self._level:
            self._level, self._since = pressed, now
            self._set_deadline()
        return verdicts

    def passed(self, now: float) -> list[Verdict]:
        """What has become certain by `now`. Call it at `deadline`."""
        verdicts = []
        while self.deadline is not None and now >= self.deadline:
            verdicts.append(self._decide())
            self._set_deadline()
        return verdicts

    def _decide(self) -> Verdict:
        if self._level == self._settled:
            self.stuck = True
            return Verdict.STUCK
        self._settled = self._level
        self.stuck = False
        return Verdict.PRESSED if self._settled else Verdict.RELEASED

    def _set_deadline(self) -> None:
        if self._level != self._settled:
            self.deadline = self._since + self._bounce_s
        elif self._level and not self.stuck:
            self.deadline = self._since + self._stuck_s
        else:
            self.deadline = None


class Button:
    """Calls `on_press()` on the loop once per press, on the way down.

    Without a configured pin, or on a machine without pins, it does nothing.
    """

    def __init__(
        self,
        config: ButtonConfig,
        on_press: Callable[[], object],
        pins: PinSource = board_pins,
    ) -> None:
        self._config = config
        self._on_press = on_press
        self._pins = pins
        self._device: Any = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "Button":
        self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Claim the pin; raises GpioError when it cannot be used."""
        if self._config.pin is None or (pins := self._pins()) is None:
            return
        self._loop = asyncio.get_running_loop()
        self._contact = Contact(self._config.bounce_s, self._config.stuck_s)
        self._device = pins.contact(self._config.pin, self._config.pull_up, self._hop)
        if self._device.is_pressed:
            log.warning("button on pin %d is held down: ignored until released", self._config.pin)
            self._contact = Contact(self._config.bounce_s, self._config.stuck_s, pressed=True)

    def close(self) -> None:
        """Give the pin back."""
        if self._device is not None:
            self._device.close()
            self._device = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def is_stuck(self) -> bool:
        return self._device is not None and self._contact.stuck

    def _hop(self, pressed: bool) -> None:
        """In the GPIO library's thread. The time is taken here: the loop may be late."""
        self._loop.call_soon_threadsafe(self._level_changed, pressed, self._loop.time())

    def _level_changed(self, pressed: bool, now: float) -> None:
        if self._device is not None:
            self._act(self._contact.feed(pressed, now))

    def _deadline_passed(self) -> None:
        self._act(self._contact.passed(self._loop.time()))

    def _act(self, verdicts: list[Verdict]) -> None:
        self._arm()
        for verdict in verdicts:
            if verdict is Verdict.PRESSED:
                self._on_press()
            elif verdict is Verdict.STUCK:
                log.warning(
                    "button on pin %s has been down for %g s: stuck, ignored until released",
                    self._config.pin,
                    self._config.stuck_s,
                )

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._contact.deadline is not None:
            self._timer = self._loop.call_at(self._contact.deadline, self._deadline_passed)
