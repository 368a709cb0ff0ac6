"""What is plugged in by USB, as the kernel lists it in /sys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class UsbDevice:
    identity: str
    """Vendor and product, such as 2886:001a."""
    name: str
    """What maker and product call themselves."""


def look(root: Path) -> Iterator[UsbDevice]:
    """Every device; interfaces and hubs of the machine itself say nothing to us."""
    for folder in sorted((root / "sys/bus/usb/devices").glob("*")):
        vendor, product = _text(folder / "idVendor"), _text(folder / "idProduct")
        if vendor and product:
            name = f"{_text(folder / 'manufacturer')} {_text(folder / 'product')}".strip()
            yield UsbDevice(f"{vendor}:{product}".lower(), name)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
