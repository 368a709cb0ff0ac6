"""The commands that ask for what was noted, `why`, `turns` and `privacy`; and for `status`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgevoice.audio.gate import Gate
from edgevoice.daemon.control.commands import Command, Told
from edgevoice.daemon.diary.diary import Diary
from edgevoice.daemon.diary.kept import kept
from edgevoice.daemon.diary.privacy_reading import moment
from edgevoice.daemon.diary.turn_history import MOST_TURNS, told
from edgevoice.daemon.ears import Ears
from edgevoice.daemon.runner import Runner
from edgevoice.errors import ControlError

QUIET_S = 60.0
"""A room that was quiet for so long explains why nobody was heard."""


@dataclass(frozen=True, slots=True)
class DiaryCommands:
    diary: Diary
    runner: Runner
    ears: Ears
    gate: Gate

    def table(self) -> dict[str, Command]:
        return {
            "why": Command(self._why, "why it woke, did not, or stopped", looks=True),
            "turns": Command(self._turns, "the last turns: 20", argument=True, looks=True),
            "privacy": Command(
                self._privacy, "when audio left, since 2026-11-30T00:00+00:00", argument=True
            ),
        }

    def status(self) -> Told:
        """A part of the status."""
        since, recent = self.diary.state_since, self.diary.history.turns[-1:]
        return {
            "state_since": since.isoformat(timespec="seconds") if since else None,
            "started": self.diary.runs.began,
            "today": self.diary.privacy.today.told(),
            "last_turn_kept": recent[0] if recent else None,
            "rms_dbfs": self.ears.levels()["rms_dbfs"],
        }

    def _why(self, argument: str) -> Told:
        return {**self.diary.reasons.told(), "deaf": self._deaf()}

    def _deaf(self) -> str | None:
        """What, at this moment, keeps it from hearing anybody."""
        facts = self.runner.transceiver.facts
        if facts.muted:
            return "it is muted: the microphone is closed until `edgevoice unmute`"
        if facts.microphone_lost:
            return "its microphone is lost; `edgevoice doctor` says what to do"
        if why := self.ears.why_deaf():
            return why
        quiet_s = self.ears.quiet_s
        if quiet_s >= QUIET_S:
            return (
                f"for {quiet_s / 60:.0f} min nothing was louder than the room; if somebody spoke,"
                " the microphone is too soft: `edgevoice doctor --audio`"
            )
        return None

    async def _turns(self, most: str) -> Told:
        if most and not (most.isdecimal() and 0 < int(most) <= MOST_TURNS):
            raise ControlError(f"{most!r} is no number of turns; 1 to {MOST_TURNS} can be told")
        return await asyncio.to_thread(told, self.diary.history.turns, int(most or 20))

    async def _privacy(self, since: str) -> Told:
        began = moment(since) if since else _midnight(self.diary.wall_clock())
        if began is None:
            raise ControlError(f"{since!r} is no time with a zone, such as 2026-11-30T00:00+00:00")
        read = await asyncio.to_thread(self.diary.read_privacy)
        found: Mapping[str, Any] = await asyncio.to_thread(kept, self.diary.directory)
        return {
            **read.told(began, is_open=self.gate.is_open),
            "muted": self.runner.transceiver.facts.muted,
            "recording": self.diary.recorder.is_on,
            "kept": found,
        }


def _midnight(now: datetime) -> datetime:
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
