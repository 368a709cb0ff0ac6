"""Trees of files as the kernel of a Raspberry Pi shows them, made up board by board."""

import errno
from pathlib import Path

PI_3 = "Raspberry Pi 3 Model B Plus Rev 1.3"
PI_4 = "Raspberry Pi 4 Model B Rev 1.5"
PI_5 = "Raspberry Pi 5 Model B Rev 1.0"
ZERO_2 = "Raspberry Pi Zero 2 W Rev 1.0"

# A fresh Raspberry Pi OS of Debian 12, without its comments.
CONFIG_TXT = """\
dtparam=audio=on
camera_auto_detect=1
dtoverlay=vc4-kms-v3d
[cm4]
otg_mode=1
[cm5]
dtoverlay=dwc2,dr_mode=host
[all]
"""
STOCK_OVERLAYS = ("wm8960-soundcard", "googlevoicehat-soundcard", "rpi-codeczero", "iqaudio-codec")


class Machine:
    """A Pi whose I2C is on and on which nothing is; the verbs put things onto it."""

    def __init__(self, root: Path, model: str = PI_4) -> None:
        self.root = root
        self._answering: set[int] = set()
        self._cards: list[tuple[str, str, str]] = []
        self.i2c_error: int | None = None
        if model:
            self._string("proc/device-tree/model", model)
            self.put("boot/firmware/config.txt", CONFIG_TXT)
            for name in STOCK_OVERLAYS:
                self.put(f"boot/firmware/overlays/{name}.dtbo", "")
            self.put("dev/i2c-1", "")

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def eeprom(self, vendor: str, product: str, number: str, folder: str = "hat") -> None:
        told = {"vendor": vendor, "product": product, "product_id": number}
        for name, text in told.items():
            self._string(f"proc/device-tree/{folder}/{name}", text)

    def overlaid(self, hardware: str) -> None:
        self._string("proc/device-tree/hardware", hardware)

    def answers(self, *addresses: int) -> None:
        self._answering |= set(addresses)

    def driver(self, address: int, name: str) -> None:
        """Has taken the chip at this address."""
        folder = f"sys/bus/i2c/devices/1-{address:04x}"
        self.put(f"{folder}/name", f"{name}\n")
        self.put(f"{folder}/driver/bind", "")

    def usb(self, identity: str, maker: str = "", product: str = "") -> None:
        vendor, _, number = identity.partition(":")
        place = len(list(self.root.glob("sys/bus/usb/devices/*"))) + 1
        told = {"idVendor": vendor, "idProduct": number, "manufacturer": maker, "product": product}
        for name, text in told.items():
            self.put(f"sys/bus/usb/devices/1-1.{place}/{name}", f"{text}\n")

    def card(self, identity: str, name: str, *streams: str, driver: str = "simple-card") -> None:
        self._cards.append((identity, f"{driver} - {name}", " : ".join(streams)))
        self.put("proc/asound/cards", "".join(self._listing()))
        self.put("proc/asound/pcm", "".join(self._streams()))

    def spi(self) -> None:
        self.put("dev/spidev0.0", "")

    def config_txt(self, *lines: str) -> None:
        self.put("boot/firmware/config.txt", CONFIG_TXT + "\n".join(lines) + "\n")

    def ask(self, bus: Path, address: int) -> bool:
        """What the kernel would say; the bus is a plain file here."""
        if self.i2c_error is not None:
            raise OSError(self.i2c_error, "not now")
        if not bus.exists():
            raise OSError(errno.ENOENT, "no such bus")
        return address in self._answering

    def _string(self, path: str, text: str) -> None:
        self.put(path, f"{text}\0")

    def _listing(self) -> list[str]:
        return [
            f"{i:2} [{identity:15}]: {told}\n                      {told}\n"
            for i, (identity, told, _) in enumerate(self._cards)
        ]

    def _streams(self) -> list[str]:
        return [f"{i:02}-00: {told}\n" for i, (_, _, told) in enumerate(self._cards) if told]
