"""Brightness by switching quickly: pulse width modulation in one thread, for LEDs.

A Pi has hardware for it on GPIO 12, 13, 18 and 19 only, and only with an overlay and
rights on /sys/class/pwm; 18 and 19 are what audio HATs speak I2S with. So all pins are
switched by this thread, which exists while something is neither off nor full on: a
board at rest does not pay for it. A thread of Python is sometimes late, by
milliseconds even. The eye does not see when a pulse begins, but that it was longer:
so what one pulse had too much, the next ones have less.
"""

import logging
import threading
import time
from math import inf

from edgevoice.hardware.gpio.chip import Line

log = logging.getLogger(__name__)

SHORTEST_S = 0.0001
"""A shorter pulse is saved up for the next period: the thread could not make it."""

LINGER_S = 1.0
"""A breathing LED is fully on and off at every breath; the thread outlasts that."""


class DutyCycle:
    """When to switch, so that on average it is on for `duty` of the time. Pure."""

    def __init__(self, period_s: float, duty: float, now: float) -> None:
        self.duty = duty
        self.due = now
        self._period_s = period_s
        self._ends = now
        self._since = now
        self._owed_s = 0.0
        self._on = False

    def step(self, now: float) -> bool:
        """The level from now on, at least until `due`. Late calls are made up for."""
        elapsed = now - self._since
        self._since = now
        self._owed_s += self.duty * elapsed - (elapsed if self._on else 0.0)
        if self._on and now < self._ends:
            self._on, self.due = False, self._ends
        else:
            self._begin(now)
        return self._on

    def _begin(self, now: float) -> None:
        period_s = self._period_s
        # A thread that stood still for long does not make up for all of it.
        self._owed_s = min(period_s, max(-period_s, self._owed_s))
        on_s = self.duty * period_s + self._owed_s
        self._ends = self.due = now + period_s
        self._on = on_s >= SHORTEST_S
        if self._on and period_s - on_s >= SHORTEST_S:
            self.due = now + on_s


class SoftPwm:
    """Any thread may set; another one switches."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._cycles: dict[Line, DutyCycle] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def set(self, line: Line, period_s: float, duty: float) -> None:
        """From 0, which is off, to 1; both take no work at all."""
        with self._changed:
            if duty in (0, 1):
                self._cycles.pop(line, None)
                line.write(bool(duty))
                return
            cycle = self._cycles.get(line)
            if cycle is None:
                self._cycles[line] = DutyCycle(period_s, duty, time.monotonic())
                self._changed.notify()
            else:
                cycle.duty = duty
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pwm", daemon=True)
                self._thread.start()

    def stop(self, line: Line) -> None:
        """The line stays as it is; it is not touched any more."""
        with self._changed:
            self._cycles.pop(line, None)

    def close(self) -> None:
        """Ends the thread and waits for it."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                due = self._switch(time.monotonic())
                if not self._changed.wait(min(LINGER_S, due - time.monotonic())) and due == inf:
                    break
            self._thread = None

    def _switch(self, now: float) -> float:
        """When to come back."""
        for line, cycle in list(self._cycles.items()):
            if cycle.due > now:
                continue
            try:
                line.write(cycle.step(now))
            except OSError as error:
                log.error("an LED is not dimmed any more: %s", error)
                del self._cycles[line]
        return min((cycle.due for cycle in self._cycles.values()), default=inf)
