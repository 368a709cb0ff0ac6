"""Where things are kept: room, a card that wears out, files that their user can use."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from edgevoice.config import Config
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine, User, may_use

LITTLE, VERY_LITTLE = 500 << 20, 50 << 20
WORN_TENTHS = 8
"""JEDEC's life time estimate counts tenths of what the chip was made for; 0x0b is beyond."""

KEPT = (
    "settings.json",
    "timers.json",
    "quiet.json",
    "lowered.json",
    "context.json",
    "turns.jsonl",
    "privacy.log",
    "device.key",
)
"""In the state directory."""

Usage = Callable[[Path], int]


def free_bytes(path: Path) -> int:
    return shutil.disk_usage(path).free


def storage(machine: Machine, config: Config, free: Usage = free_bytes) -> Iterator[Finding]:
    state_dir = config.control.state_dir
    yield _room(machine, state_dir, free)
    yield from _card(machine)
    yield _state(machine, state_dir, machine.service_user())


def _room(machine: Machine, state_dir: str, free: Usage) -> Finding:
    if "ro" in mount_options(machine.text("proc/mounts"), state_dir):
        text = f"{state_dir} is on a file system that is read-only now: mute and timers are lost"
        todo = "sudo mount -o remount,rw /; if that fails, the card is dying: replace it"
        return Finding("fail", "disk", text, todo)
    there = next(p for p in (state_dir, "/") if machine.exists(p))
    left = free(machine.path(there))
    text = f"{left / 1e9:.1f} GB are free"
    if left < VERY_LITTLE:
        text = f"only {left / 1e6:.0f} MB are free"
        todo = "sudo journalctl --vacuum-size=50M; sudo apt clean"
        return Finding("fail", "disk", text, todo)
    if left < LITTLE:
        return Finding("warn", "disk", text, "sudo journalctl --vacuum-size=50M; sudo apt clean")
    return Finding("ok", "disk", text)


def mount_options(mounts: str, path: str) -> frozenset[str]:
    """Of the file system that a path is on, from /proc/mounts; the last mount there counts."""
    above = {"/", path, *(str(parent) for parent in PurePath(path).parents)}
    best: tuple[int, str] = (0, "")
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[1] in above and len(fields[1]) >= best[0]:
            best = len(fields[1]), fields[3]
    return frozenset(best[1].split(","))


def _card(machine: Machine) -> Iterator[Finding]:
    """What the kernel and the chip itself say; most SD cards say nothing."""
    errors = sum(
        machine.number(machine.name(p)) or 0 for p in machine.glob("sys/fs/ext4/*/errors_count")
    )
    if errors:
        text = f"the file system has counted {errors} errors: the card, or the power supply"
        todo = "copy what matters, then: sudo touch /forcefsck && sudo reboot"
        yield Finding("warn", "card", text, todo)
    for path in machine.glob("sys/block/mmcblk*/device/life_time"):
        worn = [int(part, 16) for part in machine.text(machine.name(path)).split()]
        if worn and max(worn) > WORN_TENTHS:
            text = f"{path.parts[-3]} has used up {min(100, 10 * max(worn))} % of its life"
            yield Finding("warn", "card", text, "copy it to another one before it fails")


def _state(machine: Machine, state_dir: str, user: User) -> Finding:
    if not machine.exists(state_dir):
        text = f"{state_dir} is not there: mute and volume do not outlive a restart"
        todo = f"the service makes it: sudo systemctl restart edgevoice (or: mkdir -p {state_dir})"
        return Finding("warn", "state", text, todo)
    if not may_use(machine.path(state_dir), user) and not _is_hidden(machine, state_dir):
        text = f"{user.name} cannot write to {state_dir}"
        return Finding("fail", "state", text, f"sudo chown {user.name}: {state_dir}")
    closed = [
        name
        for name in KEPT
        if machine.exists(f"{state_dir}/{name}")
        and not may_use(machine.path(f"{state_dir}/{name}"), user)
    ]
    if closed:
        text = f"{user.name} cannot write {', '.join(closed)} in {state_dir}"
        return Finding("fail", "state", text, f"sudo chown -R {user.name}: {state_dir}")
    return Finding("ok", "state", f"{user.name} can write to {state_dir}")


def _is_hidden(machine: Machine, state_dir: str) -> bool:
    """A folder of a DynamicUser is a link to where only root may look."""
    return machine.path(state_dir).is_symlink() and not machine.is_root
