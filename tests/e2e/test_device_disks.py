"""The device as a process on disks that are full, read-only, or come back with garbage."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from edgevoice.simulator.relay_process import RunningRelay
from tests.e2e.house import DeviceProcess, device_process, edgevoice
from tests.fault_report import Measured
from tests.recordings import recording

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

QUESTION = {
    "microphone__backend": "wav",
    "microphone__device": str(recording("alexa_what_time_is_it")),
    "turn__follow_up_s": 0.5,
    "context__keep": "reboot",
}


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if subprocess.run(["mount", *options], check=False).returncode:
        assert os.environ.get("CI") != "true", "CI has to mount small disks"
        pytest.skip("nothing can be mounted here (wants root)")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def sh(*words: str, may_fail: bool = False) -> str:
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=not may_fail).stdout


def fill(folder: Path) -> None:
    with suppress(OSError), (folder / "film.mkv").open("wb", 0) as film:
        while film.write(b"x" * 4_096):
            pass


async def answered(device: DeviceProcess) -> None:
    """Nothing of what was said got lost."""
    await device.until(state="speaking")
    status = await device.until(state="idle", gate="closed")
    turn = status["last_turn"]
    assert (turn["outcome"], turn["samples"]["lost"]) == ("answered", 0)


async def stopped(device: DeviceProcess) -> None:
    device.process.send_signal(signal.SIGTERM)
    assert await device.ended(within_s=2.0) == 0
    assert "Traceback" not in device.log.read_text()


@pytest.mark.root
@pytest.mark.fault("disk-full")
async def test_on_a_full_disk_it_answers_and_stays_muted(
    tmp_path: Path, parrot: RunningRelay, measured: Measured
) -> None:
    with small_disk(tmp_path / "state"):
        async with device_process(tmp_path, parrot.url, parrot.token) as device:
            await device.until(state="idle")
            await stopped(device)
        fill(tmp_path / "state")
        async with device_process(tmp_path, parrot.url, parrot.token, **QUESTION) as device:
            await answered(device)
            told = await device.ask("turns")
            assert [turn["outcome"] for turn in told["turns"]] == ["answered"]
            await device.ask("mute")
            await device.until(muted=True)
            await stopped(device)
            assert "No space left" in device.log.read_text()
        async with device_process(tmp_path, parrot.url, parrot.token) as device:
            status = await device.until(muted=True)
            assert status["captured_s"] == 0
    measured("answered, no sample lost; muted on it, and muted after a restart")


@pytest.mark.root
@pytest.mark.fault("disk-read-only")
async def test_on_a_read_only_disk_it_answers_and_tells_its_owner(
    tmp_path: Path, parrot: RunningRelay, measured: Measured
) -> None:
    state = tmp_path / "state"
    with small_disk(state):
        await asyncio.to_thread(sh, "mount", "-o", "remount,ro", str(state))
        async with device_process(tmp_path, parrot.url, parrot.token, **QUESTION) as device:
            await answered(device)
            await device.ask("mute")
            await device.until(muted=True)
            await stopped(device)
            told = device.log.read_text()
        assert told.count("settings.json cannot be written (Read-only file system)") == 1
        assert list(state.iterdir()) == []
        words = edgevoice("doctor", {"control.state_dir": state})
        found = await asyncio.to_thread(sh, *words, "disk", may_fail=True)
        assert f"{state} is on a file system that is read-only now" in found
    measured("answered, no sample lost; one line in the log, and doctor names it")


GARBAGE = (b"", b"\0" * 4096, b"{", b"\xff\xfe", b"[" * 100_000)


@pytest.mark.fault("state-corrupt")
async def test_with_garbage_in_every_file_it_starts_answers_and_warns(
    tmp_path: Path, parrot: RunningRelay, measured: Measured
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token, **QUESTION) as device:
        await answered(device)
        for command in ("mute", "unmute"):
            await device.ask(command)
        await stopped(device)
    kept = sorted(path for path in (tmp_path / "state").rglob("*") if path.is_file())
    for number, path in enumerate(kept):
        path.write_bytes(GARBAGE[number % len(GARBAGE)])
    async with device_process(tmp_path, parrot.url, parrot.token, **QUESTION) as device:
        await answered(device)
        await stopped(device)
        told = device.log.read_text()
    assert "is damaged; going on without it" in told
    measured(f"{len(kept)} files of garbage, answered nevertheless")
