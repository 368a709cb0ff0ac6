"""What runs here, by number: for reports, and for what does not go together."""

import platform
from collections.abc import Callable, Iterator
from importlib import metadata

from edgevoice import __version__
from edgevoice.daemon.control import client as control_client
from edgevoice.doctor.checks.assistant import Ask
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine
from edgevoice.errors import ControlError

LIBRARIES = ("aiortc", "onnxruntime", "aiohttp", "numpy")
SUPPORTED = ("3.11", "3.12", "3.13")
INSTALLED = "opt/edgevoice/lib/python3*/site-packages/edgevoice-*.dist-info"
UPDATE = "sudo scripts/install"

VersionOf = Callable[[str], str]


def version_of(package: str) -> str:
    """Empty where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def versions(
    machine: Machine,
    socket: str,
    ask: Ask = control_client.request,
    of: VersionOf = version_of,
    python: str = platform.python_version(),
) -> Iterator[Finding]:
    libraries = [f"{name} {of(name) or 'missing'}" for name in LIBRARIES]
    kernel = machine.text("proc/sys/kernel/osrelease")
    text = ", ".join(
        [f"edgevoice {__version__}", f"Python {python}", *libraries, f"Linux {kernel}"]
    )
    if python.rpartition(".")[0] not in SUPPORTED:
        todo = f"edgevoice is for Python {', '.join(SUPPORTED)}: sudo apt install python3"
        yield Finding("warn", "versions", text, todo)
    else:
        yield Finding("ok", "versions", text)
    yield from _others(machine, socket, ask)


def _others(machine: Machine, socket: str, ask: Ask) -> Iterator[Finding]:
    """Another edgevoice is installed, or runs, than this one."""
    for path in machine.glob(INSTALLED):
        there = path.name.removeprefix("edgevoice-").removesuffix(".dist-info")
        if there != __version__:
            text = f"/opt/edgevoice holds {there}, this is {__version__}"
            yield Finding("warn", "update", text, f"in this checkout: {UPDATE}")
    try:
        running = ask(socket, "status").get("version")
    except ControlError:
        return
    if running != __version__:
        text = f"{running} is running, this is {__version__}"
        yield Finding("warn", "update", text, "sudo systemctl restart edgevoice")
