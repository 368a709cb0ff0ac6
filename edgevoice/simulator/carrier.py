"""The process that carries packets between two TUN devices; `wide_area.py` starts it.

A process of its own, so that what is measured does not wait for what measures.
Told on a socket what the two lines do from now on, and answers each time what
they did so far. It ends when the other end of that socket is gone.
"""

import json
import os
import selectors
import socket
import sys
import time
from contextlib import suppress

from edgevoice.simulator.delay_line import DelayLine, LineConfig

NICENESS = -10
"""Late packets would be the machine's fault and not the line's."""
PACKET_BYTES = 65_536
AT_ONCE = 64
"""Packets read from one side before the other has its turn."""
QUEUED = 1024
"""More than a TUN device keeps for us."""


class Carrier:
    """Two lines: what comes out of a device goes into the other one."""

    def __init__(self, devices: tuple[int, int], control: socket.socket, seed: int) -> None:
        self._control = control
        self._lines = {
            devices[0]: (DelayLine(LineConfig(), 2 * seed), devices[1]),
            devices[1]: (DelayLine(LineConfig(), 2 * seed + 1), devices[0]),
        }

    def run(self) -> None:
        """Carry until nobody controls us any more."""
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        for device in self._lines:
            os.set_blocking(device, False)
            selector.register(device, selectors.EVENT_READ)
        while True:
            self._deliver()
            for key, _ in selector.select(self._until_next()):
                if key.fd != self._control.fileno():
                    self._take_in(key.fd)
                elif not self._obey():
                    return

    def _until_next(self) -> float | None:
        deadlines = [line.deadline for line, _ in self._lines.values()]
        soonest = min((at for at in deadlines if at is not None), default=None)
        return None if soonest is None else max(0.0, soonest - time.monotonic())

    def _take_in(self, device: int, packets: int = AT_ONCE) -> None:
        line, _ = self._lines[device]
        with suppress(BlockingIOError):
            for _ in range(packets):
                line.push(os.read(device, PACKET_BYTES), time.monotonic())

    def _deliver(self) -> None:
        for line, other in self._lines.values():
            for packet in line.arrivals(time.monotonic()):
                with suppress(OSError):  # the device is down, or its queue is full
                    os.write(other, packet)

    def _obey(self) -> bool:
        """One datagram: the two configurations, or nothing new. False at the end.

        What was sent before an order is not subject to it.
        """
        order = self._control.recv(4096)
        if not order:
            return False
        for device in self._lines:
            self._take_in(device, QUEUED)
        self._deliver()
        for (line, _), config in zip(self._lines.values(), json.loads(order), strict=False):
            line.config = LineConfig(**config)
        counts = [line.counts.as_dict() for line, _ in self._lines.values()]
        self._control.send(json.dumps(counts).encode())
        return True


def main(words: list[str]) -> None:
    """Descriptors of the two devices and of the socket, and the seed."""
    near, far, control, seed = map(int, words)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    with socket.socket(fileno=control) as orders:
        Carrier((near, far), orders, seed).run()


if __name__ == "__main__":
    main(sys.argv[1:])
