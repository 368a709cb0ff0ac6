"""A failing test that runs a device leaves what led to it, in `build/failures`.

For each device that is alive when the test fails its flight record, settings, status and
log, as `edgevoice replay` wants them; beside them the logs and failures of processes from
the test's own folder, or from the one that its module shares. The report says where, and
the last lines. A test that passes pays nothing for it, as devices are looked for only
afterwards.
"""

import gc
import platform
import re
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path("build") / "failures"
MOST = 20
"""Tests; the oldest are dropped."""
MOST_FILES = 40
MOST_BYTES = 4 << 20
LAST_LINES = 12
COPIED = ("*.log", "report.json", "failure*/**/*")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.excinfo is not None:
        about = [
            item.nodeid,
            f"{report.when}: {call.excinfo.exconly()}"[:2_000],
            f"python {platform.python_version()}, {platform.machine()}",
            f"hypothesis seed: {item.config.getoption('--hypothesis-seed', None)}",
        ]
        own = getattr(item, "funcargs", {}).get("tmp_path") or shared()
        told = leave(item.config.rootpath / FOLDER, about, devices(), own)
        if told:
            report.sections.append(("what led to it", told))
    return report


def leave(root: Path, about: list[str], running: Iterable[Any], own: Path | None) -> str:
    """What to say of it; empty: no device ran. `about` begins with the test's name."""
    alive, files = list(running), list(copied(own)) if own else []
    if not (alive or files):
        return ""
    folder = root / re.sub(r"[^\w.-]+", "-", about[0])[-120:].strip("-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "test.txt").write_text("\n".join(about) + "\n")
    lines = [str(folder)]
    for number, device in enumerate(alive, 1):
        lines += _leave_device(folder / f"device-{number}", device, about[0])
    if own is not None:
        lines += _copy(files, own, folder)
    _drop_oldest(root)
    return "\n".join(lines)


def _copy(files: list[Path], own: Path, folder: Path) -> list[str]:
    lines = []
    for path in [*files, *_of_a_shared_relay(own)]:
        there = folder / (path.relative_to(own) if own in path.parents else path.name)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
        if path.suffix == ".log":
            lines += [f"{path.name}:", *_last(path.read_text(errors="replace"))]
    return lines


def _of_a_shared_relay(own: Path) -> list[Path]:
    """The log of one that several tests of a module use."""
    logs = own.parent.glob("relay*/relay.log")
    return sorted(logs, key=lambda path: path.stat().st_mtime)[-1:]


def shared() -> Path | None:
    """The folder of a process that several tests of a module use; they have none of their own."""
    house = sys.modules.get("tests.e2e.house")
    return house.RUNNING[-1] if house is not None and house.RUNNING else None


def devices() -> Iterator[Any]:
    """Those that the failing test still holds, and whatever else is not garbage."""
    app = sys.modules.get("edgevoice.daemon.app")
    if app is None:
        return
    gc.collect()
    for thing in gc.get_objects():
        # Not isinstance, which asks the things themselves: proxies do not like it.
        if type(thing) is app.Device and hasattr(thing, "failures"):
            yield thing


def _leave_device(folder: Path, device: Any, test: str) -> list[str]:
    from edgevoice.daemon.diary.failures import Failure

    flight = device.runner.flight.entries
    device.failures.leave(folder, Failure("expectation", test, flight))
    steps = [str(getattr(entry, "happened", "it begins"))[:120] for entry in flight]
    shown = [f"  {step}" for step in steps[-LAST_LINES:]]
    return [f"edgevoice replay --show {folder}", *shown, *_last(device.failures.log.text)]


def copied(own: Path) -> Iterator[Path]:
    """What processes have left in the test's folder."""
    found = {path for pattern in COPIED for path in own.rglob(pattern) if path.is_file()}
    found = {path for path in found if not path.name.startswith("privacy")}
    small = [path for path in sorted(found) if path.stat().st_size < MOST_BYTES]
    yield from small[:MOST_FILES]


def _last(text: str) -> list[str]:
    return [f"  {line[:200]}" for line in text.splitlines()[-LAST_LINES:]]


def _drop_oldest(root: Path) -> None:
    kept = sorted(root.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in kept[:-MOST]:
        shutil.rmtree(old, ignore_errors=True)
