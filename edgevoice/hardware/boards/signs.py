"""What tells a board: each kind of sign finds itself in what is seen, or does not.

A sign that decides belongs to one board alone. The others are shared: an I2C address by
every board with that chip, the name of a card by every board that works with its driver.
"""

import re
from dataclasses import dataclass

from edgevoice.hardware.boards.seen import Seen


@dataclass(frozen=True, slots=True)
class Evidence:
    key: str
    """The same for the same thing seen, whichever board it speaks for."""
    text: str
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Hat:
    """The EEPROM of a board says whose it is: vendor, product, product number."""

    pattern: str

    def find(self, seen: Seen) -> Evidence | None:
        for told in seen.hats:
            if re.search(self.pattern, told, re.IGNORECASE):
                return Evidence(f"hat {told}", f'its EEPROM says "{told}"', decides=True)
        return None


@dataclass(frozen=True, slots=True)
class Chip:
    """An address that answers, and is not another chip by the word of a driver."""

    address: int
    drivers: tuple[str, ...]
    """What drivers call that chip."""
    needed: bool = True
    """Without it, it is not this board."""

    def find(self, seen: Seen) -> Evidence | None:
        driver = seen.bus.chips.get(self.address)
        if driver is None or (driver and driver not in self.drivers):
            return None
        told = f"0x{self.address:02x} answers on I2C"
        return Evidence(f"i2c {self.address:02x}", f"{told} ({driver})" if driver else told)


@dataclass(frozen=True, slots=True)
class Usb:
    """A device by vendor and product, or one whose name says what it is."""

    identity: str = ""
    name: str = ""

    def find(self, seen: Seen) -> Evidence | None:
        for device in seen.plugged:
            if self._is(device.identity, device.name):
                told = f"{device.name} ({device.identity})".strip()
                return Evidence(f"usb {device.identity}", f"{told} is on USB", decides=True)
        return None

    def _is(self, identity: str, name: str) -> bool:
        if self.identity:
            return identity == self.identity
        return re.search(self.name, name, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class SoundCard:
    """A card that a driver has made: proof that the driver runs, seldom of the board."""

    pattern: str
    decides: bool = False

    def find(self, seen: Seen) -> Evidence | None:
        for card in seen.cards:
            if re.search(self.pattern, f"{card.identity} {card.description}", re.IGNORECASE):
                key = f"card {card.identity}"
                return Evidence(key, f"there is a sound card {card.identity}", self.decides)
        return None


@dataclass(frozen=True, slots=True)
class Headset:
    """A USB card that both hears and plays; whether it hears itself nobody can see."""

    def find(self, seen: Seen) -> Evidence | None:
        for card in seen.cards:
            both = "capture" in card.description and "playback" in card.description
            if "USB-Audio" in card.description and both:
                text = f"the USB sound card {card.identity} hears and plays"
                return Evidence(f"card {card.identity}", text)
        return None


@dataclass(frozen=True, slots=True)
class Overlaid:
    """What the board's own overlay writes into the device tree once it is loaded."""

    pattern: str

    def find(self, seen: Seen) -> Evidence | None:
        if not re.search(self.pattern, seen.hardware, re.IGNORECASE):
            return None
        return Evidence(f"hardware {seen.hardware}", f'the overlay "{seen.hardware}" is loaded')


Sign = Hat | Chip | Usb | SoundCard | Headset | Overlaid
