"""The other end of the wire: chips that read what is sent to them as the real ones do.

Each shows the colours it was told, so that a test compares light with light and not
bytes with bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from edgevoice.hardware.lights.colours import Colour


def bits(data: bytes) -> Iterator[int]:
    for byte in data:
        for position in range(7, -1, -1):
            yield byte >> position & 1


class Apa102Chain:
    """LEDs that keep the first 32 bits after a start frame and hand on the rest, late.

    Every LED delays data by half a clock, so the n-th has its colour only n/2 clocks after
    it was sent. `sk9822`: nothing is shown before the next start frame.
    """

    def __init__(self, count: int, sk9822: bool = False) -> None:
        self.shown: list[tuple[Colour, int]] = [((0, 0, 0), 0)] * count
        """Colour and five bits of brightness."""
        self._sk9822 = sk9822
        self._arrived: list[tuple[int, int, Colour, int]] = []
        self._latched: list[tuple[int, Colour, int]] = []
        self._clock = 0
        self._zeros = 0
        self._word: list[int] | None = None
        self._next = 0

    def feed(self, stream: Iterable[int]) -> None:
        for bit in stream:
            self.clock(bit)

    def clock(self, bit: int) -> None:
        self._clock += 1
        self._zeros = 0 if bit else self._zeros + 1
        if self._word is not None:
            self._word.append(bit)
            if len(self._word) == 32:
                self._take(self._word)
                self._word = []
        if self._zeros >= 32 and (self._word is None or not any(self._word)):
            self._word, self._next = [], 0
            if self._sk9822:
                self._show()
        self._deliver()

    def _take(self, word: list[int]) -> None:
        if word[:3] != [1, 1, 1]:
            return
        five, blue, green, red = (
            int("".join(map(str, word[a:b])), 2) for a, b in ((3, 8), (8, 16), (16, 24), (24, 32))
        )
        due = self._clock + (self._next + 1) // 2
        self._arrived.append((due, self._next, (red, green, blue), five))
        self._next += 1

    def _deliver(self) -> None:
        for due, led, colour, five in list(self._arrived):
            if self._clock >= due:
                self._arrived.remove((due, led, colour, five))
                self._latched.append((led, colour, five))
        if not self._sk9822:
            self._show()

    def _show(self) -> None:
        for led, colour, five in self._latched:
            if led < len(self.shown):
                self.shown[led] = colour, five
        self._latched.clear()

    @property
    def light(self) -> list[tuple[float, ...]]:
        """What leaves each LED, 0 to 1 for red, green and blue."""
        return [tuple(part / 255 * five / 31 for part in colour) for colour, five in self.shown]


class Ws2812Chain:
    """Measures pulses, in the tolerances of its data sheet, and shows what it has after a pause."""

    def __init__(self, count: int, bit_s: float) -> None:
        self.shown: list[Colour] = [(0, 0, 0)] * count
        self._bit_s = bit_s

    def feed(self, data: bytes) -> None:
        levels = "".join(map(str, bits(data)))
        assert levels[0] == "0", "the line must begin low"
        received: list[int] = []
        for pulse in levels.lstrip("0").replace("01", "0,1").split(","):
            high_s = pulse.count("1") * self._bit_s
            low_s = pulse.count("0") * self._bit_s
            if 0.2e-6 <= high_s <= 0.5e-6:
                received.append(0)
            else:
                assert 0.55e-6 <= high_s <= 0.95e-6, f"a pulse of {high_s}"
                received.append(1)
            if low_s >= 280e-6:
                self._latch(received)
                received = []
            else:
                assert 1.0e-6 <= high_s + low_s <= 1.6e-6

    def _latch(self, received: list[int]) -> None:
        parts = [int("".join(map(str, received[i : i + 8])), 2) for i in range(0, len(received), 8)]
        for led in range(min(len(parts) // 3, len(self.shown))):
            green, red, blue = parts[3 * led : 3 * led + 3]
            self.shown[led] = red, green, blue


@dataclass
class SpiWire:
    """spidev as its driver behaves; plug in by `kernel`."""

    path: str = "/dev/spidev0.0"
    receiver: Any = None
    unplugged: bool = False
    longest: int = 0
    settings: dict[int, bytes] = field(default_factory=dict)
    opened: int = 0

    def open(self, path: str, flags: int) -> int:
        if self.unplugged or path != self.path:
            raise FileNotFoundError(2, "No such file or directory", path)
        self.opened += 1
        return 7

    def ioctl(self, file: int, request: int, argument: bytes) -> None:
        self.settings[request] = argument

    def write(self, file: int, data: bytes) -> int:
        if self.unplugged:
            raise OSError(5, "Input/output error")
        if len(data) > 4_096:
            raise OSError(90, "Message too long")
        self.longest = max(self.longest, len(data))
        if self.receiver is not None:
            self.receiver(data)
        return len(data)

    def close(self, file: int) -> None:
        self.opened -= 1


class UsbChip:
    """Vendor requests of a device, as pyusb hands them over."""

    def __init__(self) -> None:
        self.unplugged = False
        self.forbidden = False
        self.finalized = 0

    def find(self, vendor: int, product: int) -> "UsbChip | None":
        return None if self.unplugged else self

    def ctrl_transfer(
        self, kind: int, request: int, value: int, index: int, data: Any, timeout: int
    ) -> Any:
        if self.unplugged:
            raise OSError(19, "No such device (it may have been disconnected)")
        if self.forbidden:
            raise OSError(13, "Access denied (insufficient permissions)")
        assert request == 0 and timeout <= 100
        if kind == 0x40:
            self.told(value, index, bytes(data))
            return len(data)
        assert kind == 0xC0
        answer = self.asked(value, index)
        assert len(answer) == data
        return bytearray(answer)

    def finalize(self) -> None:
        self.finalized += 1

    def told(self, value: int, index: int, data: bytes) -> None:
        raise NotImplementedError

    def asked(self, value: int, index: int) -> bytes:
        raise NotImplementedError


class Xvf3800Chip(UsbChip):
    """Shows where a voice comes from until it is told otherwise."""

    def __init__(self, version: tuple[int, int, int] = (2, 0, 10)) -> None:
        super().__init__()
        self.version = version
        self.busy = 3
        self.button_is_pressed = False
        self.reset()

    def reset(self) -> None:
        self.effect, self.powered = 4, False
        self.ring: list[Colour] = [(0, 0, 0)] * 12
        self.colour: Colour = (0, 0, 0)

    def told(self, value: int, index: int, data: bytes) -> None:
        assert index == 20
        match value:
            case 1 if data[0] == 33:
                self.powered = bool(data[1])
            case 12:
                (self.effect,) = data
            case 16:
                (self.colour,) = _colours(data)
            case 19 if self.version >= (2, 0, 7):
                self.ring = _colours(data)
                assert len(self.ring) == 12
            case _:
                raise OSError(32, "Pipe error")

    def asked(self, value: int, index: int) -> bytes:
        levels = (0, int(self.button_is_pressed), 0, int(self.powered), 0)
        answer = {(0x80, 48): self.version, (0x80, 20): levels}[value, index]
        if self.busy:
            self.busy -= 1
            return bytes((64, *(0 for _ in answer)))
        return bytes((0, *answer))

    @property
    def shown(self) -> list[Colour]:
        if not self.powered or self.effect == 0:
            return [(0, 0, 0)] * 12
        return {3: [self.colour] * 12, 5: self.ring}[self.effect]


class MicArrayChip(UsbChip):
    def __init__(self) -> None:
        super().__init__()
        self.brightness = 8
        self.shown: list[Colour] = []

    def told(self, value: int, index: int, data: bytes) -> None:
        assert index == 0x1C
        match value:
            case 0x06:
                assert len(data) == 48 and not any(data[3::4])
                self.shown = [tuple(data[i : i + 3]) for i in range(0, 48, 4)]  # type: ignore[misc]
            case 0x20:
                (self.brightness,) = data
            case _:
                raise OSError(32, "Pipe error")


@dataclass
class KtdChip:
    """Registers of a KTD2027 on I2C; plug in by `kernel`."""

    registers: dict[int, int] = field(default_factory=dict)
    trouble: OSError | None = None
    opened: int = 0

    def open(self, path: str, flags: int) -> int:
        assert path == "/dev/i2c-1"
        self.opened += 1
        return 7

    def ioctl(self, file: int, request: int, argument: int) -> None:
        assert (request, argument) == (0x0703, 0x31)
        if self.trouble:
            raise self.trouble

    def write(self, file: int, data: bytes) -> int:
        if self.trouble:
            raise self.trouble
        register, value = data
        self.registers[register] = value
        return 2

    def close(self, file: int) -> None:
        self.opened -= 1

    @property
    def milliamperes(self) -> list[float]:
        on = self.registers.get(4, 0)
        return [
            (self.registers.get(6 + led, 0) + 1) / 8 if on >> 2 * led & 3 == 1 else 0.0
            for led in range(3)
        ]


def _colours(data: bytes) -> list[Colour]:
    numbers = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
    return [(n >> 16 & 255, n >> 8 & 255, n & 255) for n in numbers]
