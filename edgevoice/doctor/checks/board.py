"""The board and what was put on it: profile, overlay, drivers that do not fit the kernel."""

import platform
from collections.abc import Callable, Iterator

from edgevoice.config import Config
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine
from edgevoice.hardware.boards.command import find
from edgevoice.hardware.boards.detection import Detection
from edgevoice.hardware.boards.known import known
from edgevoice.hardware.boards.overlay import needed

BROKEN_DRIVERS = ("seeed-voicecard", "wm8960-soundcard", "aiy-voicebonnet-soundcard-dkms")
"""Built on the board for one kernel (DKMS), and gone with the next one."""

Find = Callable[[Machine], Detection]


def find_board(machine: Machine) -> Detection:
    return find(machine.root)


def board(machine: Machine, config: Config, find: Find = find_board) -> Iterator[Finding]:
    found = find(machine)
    yield _model(machine, found.seen.model)
    yield _profile(config.board, found)
    yield from _overlay(machine, config.board, found)
    yield from _drivers(machine)


def _model(machine: Machine, name: str) -> Finding:
    name = name or machine.text("sys/class/dmi/id/product_name") or platform.machine()
    bits = machine.run("getconf", "LONG_BIT")
    if bits is not None and bits.text.strip() == "32":
        text = f"{name} runs a 32-bit system, for which there are no packages"
        return Finding("fail", "board", text, "write the 64-bit Raspberry Pi OS with: rpi-imager")
    return Finding("ok", "board", name)


def _profile(configured: str, found: Detection) -> Finding:
    """What is configured against what is seen; where that is ambiguous, nobody guesses."""
    names = [candidate.board.name for candidate in found.candidates]
    if configured in names:
        return Finding("ok", "profile", configured)
    if found.board is not None:
        text = f"is {configured}, and {found.board.title} was found"
        return Finding("warn", "profile", text, f"sudo edgevoice board use {found.board.name}")
    if names:
        todo = f"sudo edgevoice board use {names[0]} (or {', '.join(names[1:])})"
        return Finding("warn", "profile", f"is {configured}. {found.question}", todo)
    if found.unseen and configured != "none":
        return Finding("ok", "profile", f"{configured}; not verified: {found.unseen}")
    if configured in ("none", "plain"):
        return Finding("ok", "profile", f"{configured}; no board that edgevoice knows was found")
    text = f"is {configured}, and nothing of that board was found"
    return Finding(
        "warn", "profile", text, "edgevoice board detect; pull the power, then plug it in"
    )


def _overlay(machine: Machine, configured: str, found: Detection) -> Iterator[Finding]:
    """What the kernel must be told at the start, so that it knows the sound card."""
    wanted = known(configured)
    if wanted is None:
        return
    overlay = needed(wanted, found.seen, machine.root)
    lines = ", ".join(overlay.lines)
    if overlay.unobtainable:
        yield Finding("fail", "overlay", f"{lines} cannot take effect", overlay.unobtainable)
    elif not overlay.present:
        text = f"{overlay.file} does not have {', '.join(overlay.absent)}: the kernel knows no card"
        todo = "sudo edgevoice board overlay --write && sudo reboot"
        yield Finding("fail", "overlay", text, todo)
    elif not overlay.active:
        text = f"{lines} is asked for, and has had no effect so far"
        yield Finding("fail", "overlay", text, "sudo reboot; still so: edgevoice board detect")
    elif overlay.lines:
        yield Finding("ok", "overlay", f"{lines} is in effect")


def _drivers(machine: Machine) -> Iterator[Finding]:
    """Out-of-tree drivers that were not built for the kernel that runs."""
    kernel = machine.text("proc/sys/kernel/osrelease")
    for name in BROKEN_DRIVERS:
        versions = [path for path in machine.glob(f"var/lib/dkms/{name}/*") if path.is_dir()]
        if not versions:
            continue
        built = [path for version in versions for path in version.glob(f"{kernel}/*")]
        if built:
            text = f"{name} (DKMS) is built for this kernel, and an update may break it"
            yield Finding("warn", "driver", text, "edgevoice board overlay: one that does without")
        else:
            text = f"{name} (DKMS) is not built for Linux {kernel}: no sound until it is"
            todo = f"sudo dkms autoinstall; better: sudo dkms remove {name} --all, then"
            yield Finding("fail", "driver", text, f"{todo} sudo edgevoice board overlay --write")
