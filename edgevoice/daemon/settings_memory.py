"""What must survive a reboot: mute and volume.

Writing flushes an SD card, which may take a second, so it is done beside the
event loop, newest state last.
"""

import asyncio
import threading
from typing import Any

from edgevoice.hardware.state_file import StateFile


class SettingsMemory:
    def __init__(self, file: StateFile) -> None:
        self._file = file
        self._state: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._saving = threading.Lock()
        self._changed = asyncio.Event()

    def load(self) -> None:
        self._state = self._file.load()
        self._saved = dict(self._state)

    @property
    def muted(self) -> bool:
        return self._state.get("muted") is True

    @property
    def volume_percent(self) -> int | None:
        """What was last asked for; None if nobody asked."""
        volume = self._state.get("volume_percent")
        if not isinstance(volume, int) or isinstance(volume, bool):
            return None
        return volume if 0 <= volume <= 100 else None

    def remember_mute(self, muted: bool) -> None:
        self._remember("muted", muted)

    def remember_volume(self, percent: int) -> None:
        self._remember("volume_percent", percent)

    async def run(self) -> None:
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await asyncio.to_thread(self._save)
        finally:
            # A thread that had not begun by now never will.
            if self._saved != self._state:
                self._save()

    def _save(self) -> None:
        """In any thread; the newest, so that one that was held up undoes nothing."""
        with self._saving:
            state = dict(self._state)
            self._file.save(state)
            self._saved = state

    def _remember(self, key: str, value: Any) -> None:
        self._state[key] = value
        self._changed.set()
