"""Timers, alarms, quiet hours and announcements on the device: built, wired and told about."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config
from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.control.commands import Command, Told
from edgevoice.daemon.unasked.announcement_listener import AnnouncementListener
from edgevoice.daemon.unasked.announcements import Announcements
from edgevoice.daemon.unasked.announcer import Announcer
from edgevoice.daemon.unasked.bell import Bell
from edgevoice.daemon.unasked.board_clock import BoardClock
from edgevoice.daemon.unasked.relay_voice import RelayVoice
from edgevoice.errors import ControlError, ToolError
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.link.relay import Relay
from edgevoice.tools.alarm_clock import AlarmClock
from edgevoice.tools.alarm_keeper import AlarmKeeper
from edgevoice.tools.quiet import Quiet, quiet_hours
from edgevoice.tools.quiet_keeper import QuietKeeper
from edgevoice.tools.rings import Rung
from edgevoice.tools.timer_tools import TimerTools
from edgevoice.tools.tool import Tool
from edgevoice.tools.toolbox import ToolBox
from edgevoice.transceiver.indication import Countdown, Facts
from edgevoice.transceiver.inputs import (
    HushRequested,
    Input,
    LinkOpened,
    QuietChanged,
    RingMissed,
    TimerRang,
)
from edgevoice.transceiver.manners import Manners

log = logging.getLogger(__name__)

LATE_S = 2.0
"""What rings later than this says so in the log."""

SAY_S = 25.0
URGENT = "urgent: "

Post = Callable[[Input], None]


class Unasked:
    def __init__(
        self,
        config: Config,
        state_dir: Path,
        playout: PlayoutBuffer,
        volume: Volume,
        relays: Sequence[Relay],
        post: Post,
    ) -> None:
        self._config = config
        self._volume = volume
        self._post = post
        self.clock = BoardClock(asyncio.get_running_loop().time)
        self.bell = Bell(playout)
        self.announcements = Announcements(playout, post)
        self._announcer = Announcer(
            RelayVoice(relays, playout.rate_hz), self.announcements, self.bell.name
        )
        self.listener = AnnouncementListener(
            relays,
            config.announcements.listen or config.link.warm_standby,
            self._announcer.announce,
        )
        self.alarms = AlarmKeeper(
            AlarmClock(), StateFile(state_dir / "timers.json"), self.clock.moment, self._rang
        )
        self.alarms.on_missed = lambda: post(RingMissed())
        self._tools = TimerTools(
            self.alarms, config.timers.snooze_minutes, lambda: post(HushRequested("tool"))
        )
        hours = config.quiet_hours
        self.quiet = QuietKeeper(
            Quiet(quiet_hours(hours.begin, hours.end, hours.days)),
            StateFile(state_dir / "quiet.json"),
            self.clock.moment,
            lambda quiet: post(QuietChanged(quiet)),
        )

    def go_on(self, before: "Unasked") -> None:
        """With what another one of this program knew, which has ended."""
        self.alarms.go_on(before.alarms)
        self.quiet.go_on(before.quiet)
        self.announcements.go_on(before.announcements)

    def components(self) -> list[Coroutine[Any, Any, None]]:
        """What runs by itself."""
        return [
            self.alarms.run(),
            self.quiet.run(),
            self._announcer.run(),
            self.listener.run(),
        ]

    def tools(self) -> list[Tool]:
        return [*self._tools.tools(), *self.quiet.tools()]

    def manners(self) -> Manners:
        hours = self._config.quiet_hours
        return Manners(
            ring_s=self._config.timers.ring_minutes * 60.0,
            ring_timers_in_quiet=hours.timers,
            hold_announcements=hours.announcements == "hold",
        )

    def again(self) -> None:
        """A transceiver was built anew, and knows nothing of what went on."""
        for rung in self.alarms.clock.rings.ringing:
            self._post(TimerRang(rung.label, rung.kind))
        if self.quiet.is_quiet:
            self._post(QuietChanged(True))

    def show_next(self, show: Callable[[Countdown | None], None]) -> None:
        """Let the light know of the timer that rings next, now and whenever that changes."""
        self.alarms.on_change = lambda: show(self._next())

    def _next(self) -> Countdown | None:
        running = (t for t in self.alarms.clock.timers.pending if t.paused_s is None)
        timer = next(running, None)
        return None if timer is None else Countdown(timer.due, timer.seconds)

    def look(self, facts: Facts) -> None:
        """After everything that happened: what rings is for waking people, and not held down."""
        capped = facts.quiet and not facts.ringing
        self._volume.cap(self._config.quiet_hours.volume_percent if capped else 100)

    def told(self) -> Told:
        """For `edgevoice status`."""
        listed = self._tools.listed()
        return {**{k: v for k, v in listed.items() if v}, "do_not_disturb": self.quiet.told()}

    def commands(self) -> dict[str, Command]:
        """For the control socket."""
        return {
            "timers": Command(
                self._command, "a timers' tool and its arguments", True, private=True
            ),
            "say": Command(
                self._say, "an announcement", argument=True, private=True, patience_s=SAY_S
            ),
            "dnd": Command(self._dnd, "do not disturb: on, off, until 7:00", argument=True),
        }

    def _rang(self, rung: Rung) -> None:
        late = f", {rung.late_s:.0f} s late" if rung.late_s > LATE_S else ""
        log.info("%s %s rings%s", "an" if rung.kind == "alarm" else "a", rung.kind, late)
        self._post(TimerRang(rung.label, rung.kind))
        if self._config.timers.say_names:
            self._announcer.name(spoken(rung))

    def heard_from(self, happened: Input) -> None:
        """A relay of ours that has been reached may have kept announcements."""
        if isinstance(happened, LinkOpened) and happened.extensions:
            self.listener.reached()

    async def _say(self, argument: str) -> Told:
        """`urgent: ` before the text lets it pass in quiet hours."""
        text = argument.removeprefix(URGENT)
        await self._announcer.say(text, urgent=text != argument)
        return {"quiet": self.quiet.is_quiet}

    async def _command(self, argument: str) -> Told:
        """`set_timer {"seconds": 60}`; what there is without an argument."""
        name, _, arguments = argument.partition(" ")
        box = ToolBox(self._tools.for_commands())
        answer: dict[str, Any] = json.loads(
            await box.call(name or "list_timers", arguments or "{}")
        )
        if "error" in answer:
            raise ControlError(str(answer["error"]))
        return answer

    async def cancel_all(self) -> None:
        """Timers and alarms, and what is kept of their names."""
        box = ToolBox(self._tools.for_commands())
        for name in ("cancel_timer", "cancel_alarm"):
            await box.call(name, '{"all": true}')
        self.alarms.clock.rings.forget()
        await self.alarms.keep()

    async def _dnd(self, argument: str) -> Told:
        match argument.split():
            case []:
                return self.quiet.told()
            case ["on"]:
                return await self.quiet.order(True)
            case ["off"]:
                return await self.quiet.order(False)
            case ["until", clock]:
                try:
                    return await self.quiet.order(True, clock)
                except ToolError as error:
                    raise ControlError(str(error)) from error
        raise ControlError(f"{argument!r} is none of: on, off, until 7:00")


def spoken(rung: Rung) -> str:
    """What rings, as it is said: "Pasta timer."."""
    named = rung.label if rung.label.startswith(rung.kind) else f"{rung.label} {rung.kind}"
    return f"{named[:1].upper()}{named[1:]}."
