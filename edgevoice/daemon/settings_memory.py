"""What must survive a reboot: mute and its switch, volume, whether turns are recorded.

Writing flushes an SD card, which may take a second, so it is done beside the
event loop, newest state last.
"""

import asyncio
import threading
from typing import Any

from edgevoice.hardware.system.state_file import StateFile


class SettingsMemory:
    def __init__(self, file: StateFile) -> None:
        self._file = file
        self._state: dict[str, Any] = {}
        self._saved: dict[str, Any] = {}
        self._saving = threading.Lock()
        self._changed = asyncio.Event()

    def load(self) -> None:
        self._saved = self._file.load()
        self._state = {"muted": False} | self._saved

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

    @property
    def switch_was_on(self) -> bool:
        """The hardware mute switch, when it was last looked at."""
        return self._state.get("mute_switch") is True

    def remember_switch(self, is_on: bool) -> None:
        self._remember("mute_switch", is_on)

    @property
    def recording(self) -> bool | None:
        """What was last asked for; None if nobody asked."""
        recording = self._state.get("recording")
        return recording if isinstance(recording, bool) else None

    def remember_recording(self, on: bool) -> None:
        self._remember("recording", on)

    def remember_mute(self, muted: bool) -> None:
        self._remember("muted", muted)

    def remember_volume(self, percent: int) -> None:
        self._remember("volume_percent", percent)

    async def run(self) -> None:
        if self._saved != self._state:
            # Room is taken while there is some: on a disk that is full one day a file can be
            # overwritten, but none can be made, and who is muted has to stay muted.
            self._changed.set()
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
