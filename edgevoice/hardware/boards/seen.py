"""All that can be seen of a machine without changing it, read from one root folder."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edgevoice.hardware.boards import i2c, usb
from edgevoice.hardware.sound.cards import Card, cards

MACHINE = Path("/")


@dataclass(frozen=True, slots=True)
class Seen:
    model: str = ""
    """In the words of the firmware; empty where there is no device tree."""
    hats: tuple[str, ...] = ()
    """Vendor, product and product number from the EEPROM of each board on the pins."""
    hardware: str = ""
    """What a loaded overlay says of itself in the root of the device tree."""
    bus: i2c.Bus = field(default_factory=i2c.Bus)
    plugged: tuple[usb.UsbDevice, ...] = ()
    cards: tuple[Card, ...] = ()
    has_spi: bool = False

    @property
    def is_pi(self) -> bool:
        return self.model.startswith("Raspberry Pi")


def look(root: Path = MACHINE, addresses: Iterable[int] = (), ask: i2c.Ask | None = None) -> Seen:
    tree = root / "proc/device-tree"
    model = _words(tree / "model")
    pins = model.startswith("Raspberry Pi")
    return Seen(
        model=model,
        hats=tuple(_hat(folder) for folder in sorted(tree.glob("hat*"))),
        hardware=_words(tree / "hardware"),
        # Bus 1 of another machine is not on any pins, but in its graphics card.
        bus=i2c.look(root, addresses, ask) if pins else i2c.Bus(),
        plugged=tuple(usb.look(root)),
        cards=tuple(cards(root / "proc/asound/cards")),
        has_spi=any((root / "dev").glob("spidev0.*")),
    )


def _hat(folder: Path) -> str:
    parts = (_words(folder / name) for name in ("vendor", "product", "product_id"))
    return " ".join(part for part in parts if part)


def _words(path: Path) -> str:
    """A string of the device tree, which ends with a zero."""
    try:
        return re.sub(r"[\0\s]+", " ", path.read_bytes().decode(errors="replace")).strip()
    except OSError:
        return ""
