"""WS2812 chains read the pulses as they were meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import IndicatorConfig
from edgevoice.errors import GpioError
from edgevoice.hardware.buses.spi import MOST_BYTES, Kernel, SpiDevice
from edgevoice.hardware.lights.colours import Frame
from edgevoice.hardware.lights.ws2812 import PULSES, Ws2812, encoded
from tests.hardware.lights.wires import SpiWire, Ws2812Chain

FRAMES = st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=24).map(tuple)


@given(FRAMES, st.sampled_from(sorted(PULSES)))
def test_pulses_become_colours(frame: Frame, khz: int) -> None:
    chain = Ws2812Chain(len(frame) + 1, 1 / khz / 1000)
    chain.feed(encoded(frame, 1.0, khz))
    assert chain.shown == [*frame, (0, 0, 0)]


def test_brightness_is_a_share_of_each_part() -> None:
    chain = Ws2812Chain(1, 1 / 2_400_000)
    chain.feed(encoded(((200, 100, 50),), 0.5, 2400))
    assert chain.shown == [(100, 50, 25)]


def test_every_speed_of_the_configuration_has_its_pulses() -> None:
    assert set(PULSES) == set(IndicatorConfig.__annotations__["ws2812_khz"].__args__)


def ring(wire: SpiWire, count: int, khz: int = 2400) -> Ws2812:
    kernel = Kernel(wire.open, wire.ioctl, wire.write, wire.close)
    return Ws2812(count, SpiDevice("0.0", khz * 1000, kernel), khz)


@pytest.mark.parametrize(("count", "khz"), [(24, 2400), (256, 2400), (150, 6400)])
def test_a_frame_is_one_write_without_a_pause(count: int, khz: int) -> None:
    chain = Ws2812Chain(count, 1 / khz / 1000)
    wire = SpiWire(receiver=chain.feed)
    light = ring(wire, count, khz)
    light.write(((1, 2, 3),) * count, 1.0)
    assert chain.shown == [(1, 2, 3)] * count
    assert wire.longest <= MOST_BYTES
    light.close()
    assert chain.shown == [(0, 0, 0)] * count


def test_more_leds_than_fit_into_a_write_are_refused() -> None:
    with pytest.raises(GpioError, match=r"indicator\.ws2812_khz to 2400"):
        ring(SpiWire(), 256, 6400)


def test_a_long_chain_gets_a_thread() -> None:
    assert not ring(SpiWire(), 12).blocks
    assert ring(SpiWire(), 60).blocks
