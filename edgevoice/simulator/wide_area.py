"""A wide area network on this machine: a device here, a relay there, a bad line between them.

Two network namespaces, joined by a process that carries packets and delays, loses
or withholds them: kernels without sch_netem can do that too. Which packets is
decided in `delay_line.py`. Made for measurements and tests, and everything is gone
afterwards.

    with WideArea(LineConfig(delay_ms=25, loss=0.02)) as area:
        subprocess.run([*area.relay.inside, "edgevoice", "relay", ...])
        area.cut()
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from types import TracebackType
from typing import Any, Literal, Self

from edgevoice.errors import LaboratoryError
from edgevoice.simulator.delay_line import Counts, LineConfig
from edgevoice.simulator.namespace import Namespace, missing, sweep

DEVICE = "10.99.0.1"
RELAY = "10.99.0.2"
MOVED = "10.99.0.3"
"""What a device that roams gets next, unless another address is asked for."""

INTERFACE = "wan0"
MTU = 1400
"""Less than Ethernet's, as behind many a tunnel and mobile network."""

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000

ANSWER_S = 5.0

Direction = Literal["both", "up", "down"]
"""Up is from the device to the relay."""


class WideArea:
    """Use with `with`. Calls take about a millisecond, and are fit for async tests as well."""

    def __init__(self, line: LineConfig | None = None, *, seed: int = 1) -> None:
        self.device = Namespace("device")
        self.relay = Namespace("relay")
        self.device_address = DEVICE
        self.relay_address = RELAY
        self._lines = [line or LineConfig()] * 2
        self._seed = seed
        self._stack = ExitStack()
        self._control: socket.socket

    def __enter__(self) -> Self:
        if reason := missing():
            raise LaboratoryError(f"no wide area network on this machine: {reason}")
        sweep()
        with ExitStack() as stack:
            devices = [
                self._side(stack, self.device, self.device_address),
                self._side(stack, self.relay, self.relay_address),
            ]
            self._control = self._carry(stack, devices)
            self._tell(self._lines)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def change(self, direction: Direction = "both", **settings: Any) -> None:
        """From now on the line does this; names as in LineConfig, the others stay."""
        changed = {"both": (0, 1), "up": (0,), "down": (1,)}[direction]
        for n in changed:
            self._lines[n] = replace(self._lines[n], **settings)
        self._tell(self._lines)

    def cut(self, direction: Direction = "both") -> None:
        """Nothing arrives any more, and neither end is told."""
        self.change(direction, is_cut=True)

    def mend(self) -> None:
        self.change(is_cut=False)

    def block_udp(self, *, but_dns: bool = False) -> None:
        """A firewall that lets no media through. TCP and ICMP pass."""
        self.change(udp="dns" if but_dns else "none")

    def unblock_udp(self) -> None:
        self.change(udp="all")

    def change_address(self, address: str = MOVED) -> None:
        """The device is in another network now: the new address comes, the old one goes."""
        self.add_address(address)
        self.remove_address(self.device_address)
        self.device_address = address

    def add_address(self, address: str) -> None:
        """A further one for the device, and a way out again if there was none."""
        self.device.ip(f"addr add {address}/32 dev {INTERFACE}")
        self.device.ip(f"route replace default dev {INTERFACE}")

    def remove_address(self, address: str) -> None:
        """With the last one, the way to the relay goes as well."""
        self.device.ip(f"addr del {address}/32 dev {INTERFACE}")

    def counts(self) -> tuple[Counts, Counts]:
        """Packets so far: up, and down."""
        up, down = self._tell([])
        return up, down

    def _side(self, stack: ExitStack, side: Namespace, address: str) -> int:
        """One end: a namespace whose only way out is a TUN device. Returns its descriptor."""
        stack.callback(side.remove)
        side.create()
        with side.entered():
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            stack.callback(os.close, device)
            request = struct.pack("16sH22x", INTERFACE.encode(), IFF_TUN | IFF_NO_PI)
            fcntl.ioctl(device, TUNSETIFF, request)
            # Neighbour discovery would be counted among the packets.
            with open(f"/proc/sys/net/ipv6/conf/{INTERFACE}/disable_ipv6", "w") as file:
                file.write("1")
        side.ip(f"addr add {address}/32 dev {INTERFACE}")
        side.ip(f"link set {INTERFACE} mtu {MTU} up")
        side.ip(f"route add default dev {INTERFACE}")
        return device

    def _carry(self, stack: ExitStack, devices: list[int]) -> socket.socket:
        """Start the process that carries; it ends when our end of the socket is closed."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            numbers = [*devices, theirs.fileno()]
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "edgevoice.simulator.carrier",
                    *map(str, [*numbers, self._seed]),
                ],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; it ends when we do
            )
        stack.callback(process.wait)
        stack.callback(ours.close)
        ours.settimeout(ANSWER_S)
        return ours

    def _tell(self, lines: list[LineConfig]) -> list[Counts]:
        """Give orders, or none; returns the counts of both directions."""
        try:
            self._control.send(json.dumps([asdict(line) for line in lines]).encode())
            answer = self._control.recv(4096)
        except OSError as error:
            raise LaboratoryError(f"the line does not answer: {error}") from error
        if not answer:
            raise LaboratoryError("the line has broken down: its process has ended")
        return [Counts(**counts) for counts in json.loads(answer)]
