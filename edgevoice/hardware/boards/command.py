"""`edgevoice board`: what was found, what is configured, and what is to be done about it."""

import json
import subprocess
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from edgevoice.config_edit import Change, SettingsFile
from edgevoice.config_file import asked_for, boards
from edgevoice.errors import ConfigError, GpioError
from edgevoice.hardware.boards import i2c
from edgevoice.hardware.boards.boot_config import BootConfig
from edgevoice.hardware.boards.detection import Candidate, Detection, detect
from edgevoice.hardware.boards.known import KNOWN, KnownBoard, addresses, known
from edgevoice.hardware.boards.overlay import Overlay, needed, shipped
from edgevoice.hardware.boards.seen import MACHINE, look

FILE = "board.yaml"
HEAD = "# Written by `edgevoice board use`, which changes it again.\n"
RESTART = "sudo systemctl restart edgevoice"

# What turns I2C on in a running system, as raspi-config does it.
ENABLE_I2C = (("dtparam", "i2c_arm=on"), ("modprobe", "i2c-dev"))

Run = Callable[[Sequence[str]], None]


def show(args: Namespace, root: Path = MACHINE, ask: i2c.Ask | None = None) -> int:
    effective = asked_for(args)
    found = find(root, ask)
    for line in _told(found):
        print(line)
    configured = effective.config.board
    place = effective.places.get("board")
    print(f"configured: {configured}" + (f" ({place})" if place else ""))
    if found.board and found.board.name != configured:
        print(f"to use it: sudo edgevoice board use {found.board.name}")
    print(_kernel(_overlay(known(configured), found, root)))
    return 0


def list_boards(_args: Namespace) -> int:
    width = max(len(board.name) for board in KNOWN)
    for board in KNOWN:
        print(f"{board.name:{width}}  {board.title}")
    return 0


def detect_board(
    args: Namespace, root: Path = MACHINE, ask: i2c.Ask | None = None, run: Run | None = None
) -> int:
    if args.enable_i2c:
        _enable_i2c(root, run or _run)
    found = find(root, ask)
    if args.json:
        print(json.dumps(_as_json(found, root)))
        return 0
    for line in _told(found):
        print(line)
    return 0


def use_board(args: Namespace, root: Path = MACHINE, ask: i2c.Ask | None = None) -> int:
    board = _named(args.name)
    file = SettingsFile(args.config, FILE, HEAD)
    text = file.with_changes([Change("board", board.name, board.title)])
    if shown := file.diff(text):
        print(shown)
        file.write(text)
    if overruled := file.overruled():
        raise ConfigError(f"{file.path} is overruled by {', '.join(overruled)}: change it there")
    print(f"{file.path}: board {board.name}; `{RESTART}` makes the assistant use it")
    print(_kernel(_overlay(board, find(root, ask), root)))
    return 0


def show_overlay(args: Namespace, root: Path = MACHINE, ask: i2c.Ask | None = None) -> int:
    found = find(root, ask)
    configured = asked_for(args).config.board
    board = _named(args.name) if args.name else known(configured)
    if not args.name and configured == "none":
        board = found.board
    if board is None:
        raise ConfigError("which board? name one that `edgevoice board list` has")
    overlay = _overlay(board, found, root)
    for line in overlay.lines:
        print(line)
    if args.write and overlay.absent and not overlay.unobtainable:
        _write(overlay, BootConfig(root, found.seen.model))
        overlay = _overlay(board, found, root)
    print(_kernel(overlay))
    return 0


def find(root: Path = MACHINE, ask: i2c.Ask | None = None) -> Detection:
    """What this machine is, as far as can be seen now."""
    return detect(look(root, addresses(), ask))


def _named(name: str) -> KnownBoard:
    board = known(name)
    if board is None:
        raise ConfigError(f'no board is called "{name}"; the boards are ' + ", ".join(boards()))
    return board


def _overlay(board: KnownBoard | None, found: Detection, root: Path) -> Overlay:
    return needed(board, found.seen, root) if board else Overlay(())


def _told(found: Detection) -> Iterator[str]:
    yield f"machine: {found.seen.model or 'not one with a device tree'}"
    if found.board:
        yield f"detected: {_with_evidence(found.candidates[0])}"
    elif not found.candidates:
        yield "detected: no board that edgevoice knows"
    for candidate in found.candidates if not found.board else ():
        yield f"possible: {_with_evidence(candidate)}"
    if found.unseen:
        yield f"not seen: {found.unseen}"
    if found.question:
        yield f"to be decided: {found.question}"


def _with_evidence(candidate: Candidate) -> str:
    reasons = "; ".join(evidence.text for evidence in candidate.evidence)
    return f"{candidate.board.name}, {candidate.board.title} ({reasons})"


def _kernel(overlay: Overlay) -> str:
    if overlay.todo:
        return f"kernel: {overlay.todo}"
    return "kernel: has what it needs" if overlay.lines else "kernel: needs nothing for it"


def _as_json(found: Detection, root: Path) -> dict[str, Any]:
    overlay = _overlay(found.board, found, root)
    return {
        "model": found.seen.model,
        "detected": found.board.name if found.board else None,
        "candidates": [
            {
                "name": candidate.board.name,
                "title": candidate.board.title,
                "looks": candidate.board.looks,
                "evidence": [evidence.text for evidence in candidate.evidence],
            }
            for candidate in found.candidates
        ],
        "question": found.question,
        "unseen": found.unseen,
        "overlay": {
            "lines": list(overlay.lines),
            "absent": list(overlay.absent),
            "file": overlay.file,
            "present": overlay.present,
            "active": overlay.active,
            "todo": overlay.todo,
        },
    }


def _write(overlay: Overlay, boot: BootConfig) -> None:
    for line in overlay.absent:
        name = line.removeprefix("dtoverlay=")
        if ours := shipped(name):
            print(f"overlay {boot.add_overlay(name, ours.read_bytes())}")
    copy = boot.write(boot.with_lines(overlay.absent))
    print(f"added to {boot.path}: {', '.join(overlay.absent)}; the file as it was is {copy}")


def _enable_i2c(root: Path, run: Run) -> None:
    if (root / "dev/i2c-1").exists():
        return
    for words in ENABLE_I2C:
        run(words)


def _run(words: Sequence[str]) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=10)
    except FileNotFoundError as error:
        raise GpioError(
            f"I2C cannot be turned on: there is no {words[0]} here; add dtparam=i2c_arm=on to"
            " config.txt and reboot"
        ) from error
    except (subprocess.SubprocessError, OSError) as error:
        told = getattr(error, "stderr", "") or str(error)
        raise GpioError(
            f"I2C cannot be turned on ({' '.join(words)}: {told.strip()}): run this with sudo"
        ) from error
