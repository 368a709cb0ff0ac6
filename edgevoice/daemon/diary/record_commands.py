"""`edgevoice record on`, `off`, `status` and `last`, as the control socket understands them."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from edgevoice.config import Config
from edgevoice.daemon.control.commands import Answer, Command, Told
from edgevoice.daemon.diary.diary import Diary
from edgevoice.daemon.diary.recorder import FOLDER
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.errors import ControlError


@dataclass(frozen=True, slots=True)
class RecordCommands:
    diary: Diary
    memory: SettingsMemory
    show: Callable[[bool], None]
    """On the light."""

    def set_up(self, config: Config) -> None:
        """As the configuration wants it, unless the owner has said otherwise since."""
        recorder, said = self.diary.recorder, self.memory.recording
        recorder.turns = config.recording.turns
        recorder.about = about(config)
        recorder.switch(config.recording.enabled if said is None else said)
        self.show(recorder.is_on)

    def table(self) -> dict[str, Command]:
        told = "the sound of the last turns: on, off, status, last"
        return {"record": Command(self._record, told, argument=True)}

    def status(self) -> Told:
        """A part of the status."""
        return {"recording": {"on": self.diary.recorder.is_on, "turns": self.diary.recorder.turns}}

    def _record(self, order: str) -> Answer:
        match order:
            case "on" | "off":
                self._switch(order == "on")
                return self._told()
            case "" | "status":
                return self._told()
            case "last":
                return self._last()
        raise ControlError(f"{order!r} is none of: on, off, status, last")

    def _switch(self, on: bool) -> None:
        if on is not self.diary.recorder.is_on:
            self.diary.privacy.recording(on)
        self.memory.remember_recording(on)
        self.diary.recorder.switch(on)
        self.show(on)

    async def _told(self) -> Told:
        kept = await asyncio.to_thread(self.diary.recorder.kept)
        return {
            **self.status()["recording"],
            "kept": [path.name for path in kept],
            "folder": str(self.diary.directory / FOLDER),
        }

    async def _last(self) -> Told:
        kept = await asyncio.to_thread(self.diary.recorder.kept)
        if not kept:
            raise ControlError("no turn is recorded; `edgevoice record on`, and talk to it")
        return {"folder": str(kept[-1])}


def about(config: Config) -> dict[str, Any]:
    """What the turns are heard with; no secrets, which are in files of their own."""
    whole = json.dumps(asdict(config), sort_keys=True).encode()
    return {
        "config_sha256": hashlib.sha256(whole).hexdigest(),
        "wake": asdict(config.wake),
        "vad": asdict(config.vad),
    }
