"""Cuts the power whenever something has changed on the disk while something is written.

    python -m tests.hardware.system.power_cuts [NAME]

plays `WRITINGS`: a child process starts to write and is killed at the first line of edgevoice
that finds the disk changed, the next one at the second such line, and so on. In one half of
the cuts everything is on the disk that was written until then; in the other a file has lost
what was not flushed (`os.fsync`), as on an SD card without power, while renames have come
through. Afterwards what is read has to be the old or the new, whole. Prints JSON: for each
writing how many cuts, and what was found after the bad ones.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import edgevoice
from edgevoice.config_edit import Change, SettingsFile
from edgevoice.daemon.diary.flight_file import write_flight
from edgevoice.daemon.diary.privacy_files import MonthlyFiles, files
from edgevoice.hardware.boards.boot_config import BootConfig
from edgevoice.hardware.system.line_file import LineFile, read_lines
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.identity import device_key
from edgevoice.models import installing
from edgevoice.models.catalogue import read
from edgevoice.owner.pair import keep
from edgevoice.relay.access import authority, tokens
from edgevoice.relay.store.sqlite import SqliteStore
from edgevoice.relay.store.store import Use

PRODUCT = str(Path(edgevoice.__file__).parent)
NOW = datetime(2026, 2, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Writing:
    before: Callable[[Path], object]
    write: Callable[[Path], object]
    read: Callable[[Path], object]
    loses: bool = True
    """False: its own library flushes where we do not see it."""


class Disk:
    """What a file would hold if the power went now and nothing but flushed data were kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flushed = {_inode(path): path.read_bytes() for path in self._files()}
        self._flushes = 0
        self._fsync = os.fsync

    def look(self) -> object:
        """Differs when anything has happened on the disk."""
        stats = {path: path.stat() for path in self._files()}
        return self._flushes, {p: (s.st_ino, s.st_size, s.st_mode) for p, s in stats.items()}

    def watch(self) -> None:
        os.fsync = self._flush

    def lose(self) -> None:
        for path in self._files():
            path.write_bytes(self._flushed.get(_inode(path), b""))

    def _flush(self, descriptor: int) -> None:
        self._fsync(descriptor)
        self._flushes += 1
        path = Path(f"/proc/self/fd/{descriptor}")
        if path.is_file():
            self._flushed[_inode(path)] = path.read_bytes()

    def _files(self) -> list[Path]:
        return [path for path in self._folder.rglob("*") if path.is_file()]


def _inode(path: Path) -> int:
    return path.stat().st_ino


def write_until(writing: Writing, folder: Path, change: int, loses: bool) -> bool:
    """In a child process; whether it was killed after that change, and not at its end."""
    child = os.fork()
    if not child:
        _write_until(writing, folder, change, loses)
    _, how = os.waitpid(child, 0)
    if os.WIFEXITED(how) and os.WEXITSTATUS(how):
        raise RuntimeError(f"writing failed by itself, after change {change}")
    return os.WIFSIGNALED(how)


def _write_until(writing: Writing, folder: Path, change: int, loses: bool) -> None:
    disk = Disk(folder)
    disk.watch()
    count, seen = 0, disk.look()

    def look() -> None:
        nonlocal count, seen
        if (now := disk.look()) != seen:
            count, seen = count + 1, now
            if count == change:
                if loses:
                    disk.lose()
                os.kill(os.getpid(), signal.SIGKILL)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PRODUCT):
            return None
        if event == "line":
            look()
        return trace

    threading.settrace(trace)
    sys.settrace(trace)
    try:
        writing.write(folder)
    except BaseException:  # noqa: BLE001 - the parent has to hear of it
        sys.settrace(None)
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    sys.settrace(None)
    look()
    os._exit(0)


def play(writing: Writing) -> dict[str, Any]:
    old, new = told(writing, 0), told(writing, None)
    cuts, bad = 0, []
    for loses in (False, True) if writing.loses else (False,):
        change = 1
        while (found := told(writing, change, loses)) is not None:
            cuts += 1
            if found not in (old, new):
                data = "lost" if loses else "kept"
                bad.append(f"after change {change}, unflushed data {data}: {found!r}")
            change += 1
    return {"cuts": cuts, "bad": bad}


def told(writing: Writing, change: int | None, loses: bool = False) -> object:
    """What is read after a cut behind this change; of no writing for 0, of a whole one for None.

    None where there is no such change.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writing.before(folder)
        if change is None:
            writing.write(folder)
        elif change and not write_until(writing, folder, change, loses):
            return None
        try:
            return writing.read(folder)
        except Exception as error:
            if change:
                return repr(error)
            raise


def lines(folder: Path, count: int, most: int = 1000) -> None:
    LineFile(folder / "turns.log", most).append([{"turn": n} for n in range(count)])


def newest(folder: Path, most: int = 1000) -> list[Any]:
    return LineFile(folder / "turns.log", most).load()


def state(folder: Path) -> StateFile:
    return StateFile(folder / "settings.json")


def owners(folder: Path) -> SettingsFile:
    return SettingsFile([str(folder)], "50-board.yaml", "# by hand\n")


def set_volume(folder: Path, percent: int) -> None:
    file = owners(folder)
    file.write(file.with_changes([Change("speaker.volume_percent", percent, "wanted")]))


def boot(folder: Path) -> BootConfig:
    (folder / "boot").mkdir(exist_ok=True)
    (folder / "boot/config.txt").touch()
    return BootConfig(folder, "Raspberry Pi 4")


def add_overlay(folder: Path) -> None:
    file = boot(folder)
    file.write(file.with_lines(["dtoverlay=googlevoicehat-soundcard"]))


def known_tokens(folder: Path) -> list[str]:
    known = tokens.Tokens(str(folder / "tokens"))
    known.load()
    return [name for name in ("kitchen", "cellar") if known.knows(name)]


def months(folder: Path, now: datetime) -> None:
    MonthlyFiles(folder, lambda: now).append([{"at": f"{now.isoformat()}", "why": "alexa"}])


def store(folder: Path) -> SqliteStore:
    return SqliteStore(folder / "relay.db", durable=True)


async def _add_use(folder: Path) -> None:
    async with store(folder) as kept:
        await kept.add_use("board", "2026-02-03", Use(seconds=1.0, sessions=1))


async def _use(folder: Path) -> Use:
    async with store(folder) as kept:
        return await kept.use("board", "2026-02-03")


def install_model(folder: Path) -> None:
    (folder / "unpacked").write_bytes(b"a network")
    about = next(model for model in read()[0].models)
    installing._put(folder / "unpacked", about, folder / "models")


WRITINGS = {
    "mute and volume": Writing(
        lambda folder: state(folder).save({"muted": False}),
        lambda folder: state(folder).save({"muted": True}),
        lambda folder: state(folder).load(),
    ),
    "turns": Writing(lambda f: lines(f, 3), lambda f: lines(f, 1), newest),
    "turns, dropping old ones": Writing(
        lambda folder: lines(folder, 7, 4),
        lambda folder: lines(folder, 1, 4),
        lambda folder: newest(folder, 4),
    ),
    "when audio left": Writing(
        lambda folder: months(folder, NOW.replace(month=1)),
        lambda folder: months(folder, NOW),
        lambda folder: [line["at"] for path in files(folder) for line in read_lines(path)],
    ),
    "the owner's settings": Writing(
        lambda folder: set_volume(folder, 30),
        lambda folder: set_volume(folder, 70),
        lambda folder: owners(folder).path.read_text(),
    ),
    "the relay a board is paired with": Writing(
        lambda folder: keep(folder / "authority.pem", "old\n"),
        lambda folder: keep(folder / "authority.pem", "new\n"),
        lambda folder: (folder / "authority.pem").read_text(),
    ),
    "the firmware's configuration": Writing(
        boot, add_overlay, lambda folder: boot(folder).has("dtoverlay=googlevoicehat-soundcard")
    ),
    "the device's key": Writing(
        lambda folder: None,
        lambda folder: device_key.create(folder / "device.key"),
        # A new board makes one; a half-written key would stop it for ever.
        lambda folder: bool(device_key.load_or_create(folder / "device.key")),
    ),
    "the relay's tokens": Writing(
        lambda folder: tokens.create(str(folder / "tokens"), "kitchen"),
        lambda folder: tokens.create(str(folder / "tokens"), "cellar"),
        known_tokens,
    ),
    "the relay's certificates": Writing(
        lambda folder: None,
        lambda folder: authority.make_certificates(folder, ["relay.local"], NOW),
        lambda folder: len(authority.make_certificates(folder, ["relay.local"], NOW)[1]),
    ),
    "what a device has used": Writing(
        lambda folder: asyncio.run(_add_use(folder)),
        lambda folder: asyncio.run(_add_use(folder)),
        lambda folder: asyncio.run(_use(folder)),
        loses=False,
    ),
    "a model": Writing(
        lambda folder: None,
        install_model,
        lambda folder: [path.read_bytes() for path in (folder / "models").rglob("*.onnx")],
    ),
    "a flight record": Writing(
        lambda folder: write_flight(folder / "flight.jsonl", [], "the gate", NOW),
        lambda folder: write_flight(folder / "flight.jsonl", [], "the light", NOW),
        lambda folder: json.loads((folder / "flight.jsonl").read_text())["broken"],
    ),
}


if __name__ == "__main__":
    wanted = sys.argv[1:] or list(WRITINGS)
    print(json.dumps({name: play(WRITINGS[name]) for name in wanted}, indent=1))
