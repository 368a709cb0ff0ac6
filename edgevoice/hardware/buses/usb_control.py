"""Vendor requests to a USB device: the only importer of pyusb. Sound goes other ways.

Control transfers need neither a claimed interface nor a detached driver, so the sound
card in the same device goes on undisturbed.
"""

import contextlib
from collections.abc import Callable
from typing import Any, TypeAlias

from edgevoice.errors import GpioError

TIMEOUT_MS = 100
"""A transfer takes 1 to 2 ms; nobody waits longer for a light."""

TO_DEVICE, FROM_DEVICE = 0x40, 0xC0
"""bmRequestType: vendor, to the device itself (USB 2.0, table 9-2)."""

Find: TypeAlias = Callable[[int, int], Any]
"""By vendor and product: pyusb's device, or None."""


def find_device(vendor: int, product: int) -> Any:
    try:
        import usb.core
    except ImportError as error:
        raise GpioError(f"pyusb is missing ({error}); run scripts/setup") from error
    try:
        return usb.core.find(idVendor=vendor, idProduct=product)
    except usb.core.NoBackendError as error:
        raise GpioError("libusb is missing; sudo apt install libusb-1.0-0") from error


class UsbControl:
    """Looked for with the first request, and anew after a failure."""

    def __init__(self, vendor: int, product: int, name: str, find: Find = find_device) -> None:
        self._vendor = vendor
        self._product = product
        self._name = name
        self._find = find
        self._device: Any = None

    @property
    def is_open(self) -> bool:
        return self._device is not None

    def send(self, value: int, index: int, data: bytes) -> None:
        """Raises GpioError."""
        self._transfer(TO_DEVICE, value, index, data)

    def ask(self, value: int, index: int, length: int) -> bytes:
        """So many bytes; raises GpioError."""
        answer = bytes(self._transfer(FROM_DEVICE, value, index, length))
        if len(answer) != length:
            self.close()
            raise GpioError(f"{self._name}: {len(answer)} of {length} bytes; unplug it once")
        return answer

    def _transfer(self, kind: int, value: int, index: int, data: bytes | int) -> Any:
        try:
            return self._found().ctrl_transfer(kind, 0, value, index, data, TIMEOUT_MS)
        except GpioError:
            raise
        except OSError as error:  # which usb.core.USBError is
            self.close()
            raise GpioError(f"{self._name}: {self._told(error)}") from error

    def _told(self, error: OSError) -> str:
        if isinstance(error, PermissionError) or error.errno == 13:
            return "permission denied; the udev rules of edgevoice allow it: run scripts/install"
        return f"{error}; is it plugged in?"

    def _found(self) -> Any:
        if self._device is None:
            self._device = self._find(self._vendor, self._product)
            if self._device is None:
                raise GpioError(
                    f"{self._name} ({self._vendor:04x}:{self._product:04x}) is not there:"
                    " plug it in"
                )
        return self._device

    def close(self) -> None:
        """Give it back; never raises."""
        if self._device is not None:
            with contextlib.suppress(OSError):
                self._device.finalize()
            self._device = None
