"""Mute and volume over a restart."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.hardware.system.state_file import StateFile
from tests.waiting import until


async def lived(path: Path, muted: bool, volume: int) -> None:
    memory = SettingsMemory(StateFile(path))
    memory.load()
    task = asyncio.ensure_future(memory.run())
    await asyncio.sleep(0)
    memory.remember_mute(muted)
    memory.remember_volume(volume)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_was_asked_for_last_is_there_after_a_restart(tmp_path: Path) -> None:
    await lived(tmp_path / "settings.json", muted=True, volume=30)
    memory = SettingsMemory(StateFile(tmp_path / "settings.json"))
    memory.load()
    assert memory.muted and memory.volume_percent == 30


async def test_muting_is_remembered_even_if_no_thread_came_to_write_it(tmp_path: Path) -> None:
    busy = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        threads.submit(busy.wait)
        asyncio.get_running_loop().set_default_executor(threads)
        memory = SettingsMemory(StateFile(tmp_path / "settings.json"))
        task = asyncio.ensure_future(memory.run())
        memory.remember_mute(True)
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        busy.set()
    memory = SettingsMemory(StateFile(tmp_path / "settings.json"))
    memory.load()
    assert memory.muted


async def test_the_file_is_there_before_the_disk_is_full(tmp_path: Path) -> None:
    memory = SettingsMemory(StateFile(tmp_path / "settings.json"))
    memory.load()
    task = asyncio.ensure_future(memory.run())
    await until((tmp_path / "settings.json").exists)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert StateFile(tmp_path / "settings.json").load() == {"muted": False}


def test_nothing_is_remembered_before_the_first_time(tmp_path: Path) -> None:
    memory = SettingsMemory(StateFile(tmp_path / "settings.json"))
    memory.load()
    assert not memory.muted and memory.volume_percent is None


@pytest.mark.parametrize("text", ['{"volume_percent": true}', '{"volume_percent": 900}', "[]", "{"])
def test_a_damaged_file_is_no_memory(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    memory = SettingsMemory(StateFile(tmp_path / "settings.json"))
    memory.load()
    assert memory.volume_percent is None and not memory.muted
