"""Chains of WS2812 and SK6812 (NeoPixel), by the data line of SPI alone, on a Pi 5 too.

Each of its bits is a pulse, short or long, in 1.25 microseconds; so it is written as three,
four or eight bits of SPI. It bears no pause, so a frame must fit into one write of
spidev: 440 LEDs at 2.4 MHz, 165 at 6.4 MHz. A Pi 3 or 4 derives the clock of SPI from that of its
core: with `core_freq=250` (Pi 3) or `core_freq_min=500` (Pi 4) in config.txt it is steady.
The LEDs want 5 V on their data line or a level shifter; 3.3 V often does.
"""

import contextlib

from edgevoice.errors import GpioError
from edgevoice.hardware.buses.spi import MOST_BYTES, SpiDevice
from edgevoice.hardware.lights.colours import DARK, Frame, shaded

PULSES = {2400: ("100", "110"), 3200: ("1000", "1100"), 6400: ("11000000", "11111000")}
"""By kHz of SPI: a zero, 0.31 to 0.42 microseconds long, and a one of 0.62 to 0.83."""

LATCH_S = 300e-6
"""Low for so long, they show what they have (WS2812B-V5: 280 microseconds)."""


def encoded(frame: Frame, brightness: float, khz: int) -> bytes:
    """The bytes for a whole chain, which begins and ends low."""
    pulses = PULSES[khz]
    latch = bytes(round(LATCH_S * khz * 1000 / 8))
    bits = [
        pulses[part >> position & 1]
        for red, green, blue in (shaded(colour, brightness) for colour in frame)
        for part in (green, red, blue)
        for position in range(7, -1, -1)
    ]
    # Eight pulses are whole bytes at any of the three speeds.
    text = "".join(bits)
    return b"\0" + int(text, 2).to_bytes(len(text) // 8, "big") + latch


class Ws2812:
    """12 LEDs take 0.7 milliseconds, which the kernel waits for."""

    def __init__(self, count: int, spi: SpiDevice, khz: int) -> None:
        needed = len(encoded((DARK,) * count, 0.0, khz))
        if needed > MOST_BYTES:
            raise GpioError(
                f"{count} LEDs at {khz} kHz need {needed} bytes at a time, and spidev takes"
                f" {MOST_BYTES}; set indicator.ws2812_khz to 2400, or indicator.count lower"
            )
        self.count = count
        self.blocks = count > 24
        self._spi = spi
        self._khz = khz

    def write(self, frame: Frame, brightness: float) -> None:
        self._spi.write(encoded(frame, brightness, self._khz))

    def close(self) -> None:
        with contextlib.suppress(GpioError):  # it is gone
            self.write((DARK,) * self.count, 0.0)
        self._spi.close()
