"""What the kernel still lacks for a board, and whether the next start will bring it."""

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from edgevoice.hardware.boards.boot_config import BootConfig
from edgevoice.hardware.boards.known import KnownBoard
from edgevoice.hardware.boards.seen import MACHINE, Seen

# Overlays of our own bear our name in the firmware's folder, so that nobody's are replaced.
OURS = "edgevoice-"


@dataclass(frozen=True, slots=True)
class Overlay:
    lines: tuple[str, ...]
    """Those of config.txt that the board needs on this machine; none where it needs nothing."""
    file: str = ""
    """config.txt, where there is one."""
    present: bool = True
    """Every line is in it, so that the next start brings what is not yet there."""
    active: bool = True
    """The running kernel has what the lines bring."""
    absent: tuple[str, ...] = ()
    """Lines to be added."""
    unobtainable: str = ""
    """The overlay is not among the firmware's: where it comes from."""

    @property
    def todo(self) -> str:
        """The next step in words; empty where there is none."""
        if self.active:
            return ""
        if self.unobtainable:
            return self.unobtainable
        if self.present:
            return "reboot once: the lines are in " + self.file
        return f"add {', '.join(self.absent)} to {self.file} and reboot once"


def needed(board: KnownBoard, seen: Seen, root: Path = MACHINE) -> Overlay:
    """For this board, on this machine."""
    boot = BootConfig(root, seen.model)
    if not seen.is_pi or boot.path is None or not board.kernel.card:
        return Overlay(())
    name = _chosen(board, boot)
    # Parameters first: behind an overlay's line they could be taken for the overlay's own.
    spi = ("dtparam=spi=on",) if board.kernel.spi else ()
    lines = (*spi, f"dtoverlay={name}")
    has_card = _has_card(board, seen)
    # A board with an EEPROM brings its own overlay, which then stands nowhere.
    there = {lines[-1]: has_card, "dtparam=spi=on": seen.has_spi}
    absent = tuple(line for line in lines if not there[line] and not boot.has(line))
    return Overlay(
        lines,
        "/" + str(boot.path.relative_to(root)),
        present=not absent,
        active=all(there[line] for line in lines),
        absent=absent,
        unobtainable="" if has_card else _unobtainable(board, name, boot),
    )


def shipped(name: str) -> Traversable | None:
    """The compiled overlay, if it is one of ours."""
    file = files("edgevoice") / "boards/overlays" / f"{name.removeprefix(OURS)}.dtbo"
    return file if name.startswith(OURS) and file.is_file() else None


def _chosen(board: KnownBoard, boot: BootConfig) -> str:
    """The one that is asked for already, or else the best one that is on this machine."""
    names = board.kernel.overlays
    asked = [name for name in names if boot.has(f"dtoverlay={name}")]
    there = [name for name in names if _compiled(name, boot).exists() or shipped(name)]
    # One that is asked for and is not on this machine the firmware passes over.
    return next(iter([*(name for name in asked if name in there), *there, *asked, *names]))


def _compiled(name: str, boot: BootConfig) -> Path:
    assert boot.overlays is not None
    return boot.overlays / f"{name}.dtbo"


def _has_card(board: KnownBoard, seen: Seen) -> bool:
    return any(
        re.search(board.kernel.card, f"{card.identity} {card.description}", re.IGNORECASE)
        for card in seen.cards
    )


def _unobtainable(board: KnownBoard, name: str, boot: BootConfig) -> str:
    if _compiled(name, boot).exists() or shipped(name):
        return ""
    source = board.kernel.source or "update the firmware: sudo apt full-upgrade"
    return f"the overlay {name} is not on this machine: {source}"
