"""A network namespace of this machine: a network stack of its own, in which things run.

Linux, root and iproute2 only; `missing` tells what there is not. How two of them
are joined is `wide_area.py`'s business.
"""

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from edgevoice.errors import LaboratoryError

CLONE_NEWNET = 0x40000000
NAMES = Path("/run/netns")
OURS = re.compile(r"edgevoice-(\d+)-")

_numbers = count(1)


def missing() -> str:
    """Why namespaces cannot be made here, or nothing."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root on Linux: namespaces are made"
    if shutil.which("ip") is None:
        return "needs iproute2 (the command `ip`)"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    return ""


class Namespace:
    """Made with `create`, and there until `remove`. Its loopback interface is up."""

    def __init__(self, role: str) -> None:
        self.name = f"edgevoice-{os.getpid()}-{next(_numbers)}-{role}"

    @property
    def inside(self) -> tuple[str, ...]:
        """Put this before a command to run it in here."""
        return ("ip", "netns", "exec", self.name)

    def create(self) -> None:
        ip("netns", "add", self.name)
        self.ip("link set lo up")

    def remove(self) -> None:
        """What still runs inside keeps its sockets; nobody new finds the way in."""
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)

    def ip(self, words: str) -> str:
        """Have the command `ip` do this in here. Raises LaboratoryError."""
        return ip("-n", self.name, *words.split())

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is inside: sockets it makes belong in here, and stay so for ever.

        Where an event loop runs, nothing else may be awaited in between; or put the
        thread of the whole loop inside. Threads begun meanwhile are inside as well.
        """
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            inside = os.open(NAMES / self.name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                _enter(inside)
            finally:
                os.close(inside)
            try:
                yield
            finally:
                _enter(outside)
        finally:
            os.close(outside)


def sweep() -> None:
    """Remove what processes left behind that are no more."""
    for path in NAMES.glob("edgevoice-*"):
        owner = OURS.match(path.name)
        if owner and not Path("/proc", owner[1]).exists():
            subprocess.run(["ip", "netns", "del", path.name], capture_output=True, check=False)


def ip(*words: str) -> str:
    run = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise LaboratoryError(f"`ip {' '.join(words)}` failed: {run.stderr.strip()}")
    return run.stdout


def _enter(descriptor: int) -> None:
    """os.setns, which Python has since 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise LaboratoryError(f"a namespace cannot be entered: {os.strerror(error)}")
