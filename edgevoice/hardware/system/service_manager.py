"""Talking to the service manager (systemd) as sd_notify(3) describes it.

Ready, reloading, status, alive, stopping. When to say so is the daemon's business.
Without a service manager every call does nothing. Log lines go to `journal.py`.
"""

import importlib
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from edgevoice.errors import EdgeVoiceError

log = logging.getLogger(__name__)

SEND_S = 0.5
"""A service manager that does not read for this long does not stop the daemon."""

MONOTONIC = time.CLOCK_MONOTONIC
"""The clock by which sd_notify(3) wants to be told when a reload began."""


class ServiceManager:
    watchdog_interval_s: float | None
    """Say `watchdog()` at least this often: half of what the unit's WatchdogSec allows."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._notify = notifier(environ)
        self.watchdog_interval_s = watchdog_interval_s(environ)

    def ready(self) -> None:
        """Started, as far as can be: the microphone is open, or known to be missing."""
        self._send("READY=1")

    def extend_start(self, seconds: float) -> None:
        """Starting takes this much longer from now; for what loads large models."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def reloading(self) -> None:
        """The configuration is read again; `ready` ends it, whatever comes of it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(MONOTONIC) // 1_000}")

    def status(self, text: str) -> None:
        """One line that `systemctl status` shows."""
        self._send("STATUS=" + " ".join(text.split()))

    def watchdog(self) -> None:
        """Alive."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """On the way out, in good order."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._notify is None:
            return
        try:
            self._notify(message)
        except OSError as error:
            log.warning("the service manager cannot be told %s: %s", message, error)


@contextmanager
def failing_aloud(service: ServiceManager) -> Iterator[None]:
    """Whatever is expected to end the program is in its status, where owners look first."""
    try:
        yield
    except (EdgeVoiceError, ExceptionGroup) as error:
        if expected := reason(error):
            service.status(f"failed: {expected}")
        raise


def reason(error: Exception) -> str:
    """Why a program ended, in words for its owner; empty: by a bug."""
    if isinstance(error, ExceptionGroup):
        reasons = [reason(inner) for inner in error.exceptions]
        return "; ".join(reasons) if all(reasons) else ""
    return str(error) if isinstance(error, EdgeVoiceError) else ""


def notifier(environ: Mapping[str, str]) -> Callable[[str], object] | None:
    """What carries a message, or None when nobody listens."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return None
    if environ is os.environ and (library := _systemd_python()):
        return library
    return lambda message: send(address, message)


def _systemd_python() -> Callable[[str], object] | None:
    """The library where it is installed.

    In a checkout the folder `systemd/` passes for a package of that name; then it
    is the import of `daemon` that fails.
    """
    try:
        daemon: Any = importlib.import_module("systemd.daemon")
    except ImportError:
        return None
    notify: Callable[[str], object] = daemon.notify
    return notify


def send(address: str, message: str) -> None:
    """One datagram; an address that begins with @ is in the abstract namespace."""
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(SEND_S)
        sender.connect(address)
        sender.sendall(message.encode())


def watchdog_interval_s(environ: Mapping[str, str]) -> float | None:
    """None when no watchdog waits for this very process."""
    try:
        allowed_us = int(environ.get("WATCHDOG_USEC", "0"))
        watched = int(environ.get("WATCHDOG_PID", str(os.getpid())))
    except ValueError:
        log.warning("WATCHDOG_USEC or WATCHDOG_PID is not a number: no watchdog")
        return None
    if allowed_us <= 0 or watched != os.getpid():
        return None
    return allowed_us / 2_000_000
