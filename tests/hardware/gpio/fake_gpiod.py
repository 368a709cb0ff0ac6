"""A GPIO chip that behaves, in the place of `gpiod.Chip`: wires, pulls, edges, busy lines.

Arguments go through libgpiod's own LineSettings and LineConfig, which refuse what the
real chip would refuse; what is told is told in libgpiod's own classes.
"""

import errno
import os
import time
from collections import deque
from collections.abc import Iterable

import gpiod
from gpiod import _ext
from gpiod.line import Bias, Direction, Edge, Value
from gpiod.line_settings import _line_settings_to_ext

Config = dict[Iterable[int | str] | int | str, gpiod.LineSettings | None]


class FakeRequest:
    def __init__(self, chip: "FakeChip", offset: int, settings: gpiod.LineSettings) -> None:
        self._chip = chip
        self._offset = offset
        self.settings = settings
        self.events: deque[gpiod.EdgeEvent] = deque()
        self.level = settings.output_value
        self.written: list[bool] = []
        self.broken = False
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_SEMAPHORE)

    def __bool__(self) -> bool:
        return self._offset in self._chip.requests and self._chip.requests[self._offset] is self

    def get_value(self, line: int | str) -> Value:
        assert line == self._offset
        if self.settings.direction is Direction.OUTPUT:
            return self.level
        return Value.ACTIVE if self._chip.level(self._offset) else Value.INACTIVE

    def set_value(self, line: int | str, value: Value) -> None:
        assert line == self._offset
        assert self.settings.direction is Direction.OUTPUT
        if self.broken:
            raise OSError(errno.EIO, "the chip is gone")
        self.level = value
        self.written.append(bool(value))

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        if self.broken:
            raise OSError(errno.EIO, "the chip is gone")
        return bool(self.events)

    def read_edge_events(self, max_events: int | None = None) -> list[gpiod.EdgeEvent]:
        assert self.events, "this would wait for ever"
        events = list(self.events)
        for _ in events:
            self.events.popleft()
            os.eventfd_read(self.fd)
        return events

    def changed(self, high: bool, at_ns: int) -> None:
        wanted = self.settings.edge_detection
        if wanted in (Edge.BOTH, Edge.RISING if high else Edge.FALLING):
            number = _ext.EDGE_EVENT_TYPE_RISING if high else _ext.EDGE_EVENT_TYPE_FALLING
            self.events.append(gpiod.EdgeEvent(number, at_ns, self._offset, 0, 0))
            os.eventfd_write(self.fd, 1)

    def release(self) -> None:
        if self:
            del self._chip.requests[self._offset]
            os.close(self.fd)


class FakeChip:
    def __init__(self, path: str = "/dev/gpiochip0", label: str = "pinctrl-rp1") -> None:
        self.path = path
        self._label = label
        self.requests: dict[int, FakeRequest] = {}
        self._wires: dict[int, bool] = {}
        self._held: dict[int, str] = {}
        self.closed = False

    # The other end of the wires.

    def drive(self, offset: int, high: bool, at_s: float | None = None) -> None:
        before = self.level(offset)
        self._wires[offset] = high
        if high != before and offset in self.requests:
            at_s = time.monotonic() if at_s is None else at_s
            self.requests[offset].changed(high, round(at_s * 1e9))

    def level(self, offset: int) -> bool:
        pulled = offset in self.requests and self.requests[offset].settings.bias is Bias.PULL_UP
        return self._wires.get(offset, pulled)

    def hold(self, offset: int, consumer: str) -> None:
        """Another program has the line; without a name, the kernel."""
        self._held[offset] = consumer

    # What gpiod.Chip has of it.

    def get_info(self) -> gpiod.ChipInfo:
        return gpiod.ChipInfo(self.path.rpartition("/")[2], self._label, 54)

    def get_line_info(self, line: int | str) -> gpiod.LineInfo:
        assert isinstance(line, int)
        ours = self.requests.get(line)
        direction = ours.settings.direction if ours else Direction.INPUT
        consumer = "edgevoice" if ours else self._held.get(line, "")
        used = bool(consumer)
        no_edge, clock = _ext.EDGE_NONE, _ext.CLOCK_MONOTONIC
        return gpiod.LineInfo(
            line,
            f"GPIO{line}",
            used,
            consumer,
            direction.value,
            False,
            _ext.BIAS_UNKNOWN,
            _ext.DRIVE_PUSH_PULL,
            no_edge,
            clock,
            False,
            0,
        )

    def request_lines(
        self,
        config: Config,
        consumer: str | None = None,
        event_buffer_size: int | None = None,
        output_values: dict[int | str, Value] | None = None,
    ) -> FakeRequest:
        assert not self.closed
        [(offset, settings)] = config.items()
        assert isinstance(offset, int)
        assert settings is not None
        if offset >= 54:
            raise ValueError("line offset of out range")
        _ext.LineConfig().add_line_settings([offset], _line_settings_to_ext(settings))
        if offset in self._held or offset in self.requests:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.requests[offset] = FakeRequest(self, offset, settings)
        return self.requests[offset]

    def close(self) -> None:
        self.closed = True
