"""APA102 chains get the light that was meant for them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.spi import Kernel, SpiDevice
from edgevoice.hardware.gpio.pins import Pins
from edgevoice.hardware.lights.apa102 import SPEED_HZ, Apa102, Apa102Pins, encoded
from edgevoice.hardware.lights.colours import Frame
from tests.hardware.lights.wires import Apa102Chain, SpiWire, bits

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)
FRAMES = st.lists(COLOURS, min_size=1, max_size=40).map(tuple)


@given(FRAMES, st.floats(0.0, 1.0), st.booleans())
def test_every_led_gives_the_light_it_was_told(
    frame: Frame, brightness: float, sk9822: bool
) -> None:
    chain = Apa102Chain(len(frame), sk9822)
    chain.feed(bits(encoded(frame, brightness)))
    for light, colour in zip(chain.light, frame, strict=True):
        wanted = [part / 255 * brightness for part in colour]
        # Half of the finest step there is at this brightness.
        assert light == pytest.approx(wanted, abs=0.5 / 255 * max(1 / 31, brightness + 1 / 31))


@given(FRAMES)
def test_leds_behind_the_last_stay_dark(frame: Frame) -> None:
    chain = Apa102Chain(len(frame) + 8)
    chain.feed(bits(encoded(frame, 1.0)))
    assert chain.light[len(frame) :] == [(0.0, 0.0, 0.0)] * 8


def test_one_frame_after_another() -> None:
    chain = Apa102Chain(12)
    for colour in ((255, 0, 0), (0, 0, 255), (0, 0, 0)):
        chain.feed(bits(encoded((colour,) * 12, 1.0)))
        assert [shown for shown, _ in chain.shown] == [colour] * 12


def test_a_dim_light_keeps_its_hue() -> None:
    """In eight bits alone, a twentieth of it would be (0, 6, 9): a third too green."""
    chain = Apa102Chain(1)
    chain.feed(bits(encoded(((0, 114, 178),), 0.05)))
    (_, green, blue) = chain.light[0]
    assert green / blue == pytest.approx(114 / 178, rel=0.02)


def test_the_bytes_of_one_red_led() -> None:
    assert encoded(((255, 0, 0),), 1.0).hex(" ") == "00 00 00 00 ff 00 00 ff 00 00 00 00 00"


def on_spi(wire: SpiWire, count: int) -> Apa102:
    kernel = Kernel(wire.open, wire.ioctl, wire.write, wire.close)
    return Apa102(count, SpiDevice("0.0", SPEED_HZ, kernel))


def test_a_chain_on_spi_is_dark_in_the_end() -> None:
    chain = Apa102Chain(3)
    wire = SpiWire(receiver=lambda data: chain.feed(bits(data)))
    light = on_spi(wire, 3)
    light.write(((9, 9, 9),) * 3, 1.0)
    assert chain.light[2] == pytest.approx((9 / 255,) * 3)
    light.close()
    assert chain.light == [(0.0, 0.0, 0.0)] * 3
    assert wire.opened == 0


def test_a_chain_that_is_gone_closes_in_peace() -> None:
    wire = SpiWire()
    light = on_spi(wire, 3)
    light.write(((9, 9, 9),) * 3, 1.0)
    wire.unplugged = True
    with pytest.raises(GpioError):
        light.write(((9, 9, 9),) * 3, 1.0)
    light.close()


class Wire:
    """One end of a wire: `.pin.state` as gpiozero's output devices have it."""

    def __init__(self, on_state: Any) -> None:
        self.level = 0
        self.closed = False
        self.pin = self
        self._on_state = on_state

    @property
    def state(self) -> int:
        return self.level

    @state.setter
    def state(self, level: int) -> None:
        before, self.level = self.level, level
        self._on_state(before, level)

    def close(self) -> None:
        self.closed = True


class WiredPins(Pins):
    """Data on 5 and clock on 6; the chain looks at the data when the clock rises."""

    def __init__(self, chain: Apa102Chain) -> None:
        super().__init__(None)
        self.data = Wire(lambda before, level: None)
        self.clock = Wire(lambda before, level: before < level and chain.clock(self.data.level))

    def output(self, pin: int, active_high: bool) -> Any:
        assert active_high
        return {5: self.data, 6: self.clock}[pin]


def test_two_pins_do_as_well() -> None:
    chain = Apa102Chain(3)
    pins = WiredPins(chain)
    light = Apa102Pins(3, pins, 5, 6)
    light.write(((255, 0, 0), (0, 255, 0), (1, 2, 3)), 1.0)
    assert [colour for colour, _ in chain.shown] == [(255, 0, 0), (0, 255, 0), (1, 2, 3)]
    light.close()
    assert [colour for colour, _ in chain.shown] == [(0, 0, 0)] * 3
    assert pins.data.closed and pins.clock.closed
