"""What the assistant can do on this board: the tools, wired to what they move."""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.errors import AudioError, ControlError
from edgevoice.hardware.lamps import Lamps
from edgevoice.hardware.sound.mixer import Mixer, amplitude
from edgevoice.tools.conversation import conversation_tools
from edgevoice.tools.light import light_tools
from edgevoice.tools.tool import Tool
from edgevoice.tools.toolbox import ToolBox
from edgevoice.tools.volume import volume_tools

log = logging.getLogger(__name__)

LEAST_AUDIBLE_PERCENT = 20
"""Whoever asks for more than silence wants to hear something: louder leads here at least
(-28 dB). Ten per cent is -40 dB, which across a room is silence again."""


class Volume:
    """Loudness in per cent, as people say it, in software or by the card's mixer.

    A mixer may take its time, so `run` moves it beside the event loop. While it does not
    obey, and before it first has, loudness is set in software.
    """

    on_change: Callable[[int], None]
    """Somebody has asked for another one, in per cent."""

    def __init__(
        self, playout: PlayoutBuffer, memory: SettingsMemory, mixer: Mixer | None = None
    ) -> None:
        self._playout = playout
        self._memory = memory
        self._mixer = mixer
        self._percent = 0
        self._cap = 100
        self._by_mixer = False
        self._complained = False
        self._moved = asyncio.Event()
        self.on_change = lambda percent: None

    @property
    def percent(self) -> int:
        return self._percent

    @property
    def by_mixer(self) -> bool:
        """The card's mixer does what was asked for."""
        return self._by_mixer

    def restore(self, default_percent: int) -> None:
        """What was last asked for, or the configured one."""
        remembered = self._memory.volume_percent
        self._apply(default_percent if remembered is None else remembered)

    def set(self, percent: int) -> int:
        """What it then is: within 0 to 100."""
        self._apply(min(100, max(0, percent)))
        self._memory.remember_volume(self._percent)
        self.on_change(self._percent)
        return self._percent

    def change(self, delta: int) -> int:
        """Louder or softer by so many per cent; what it then is."""
        percent = self._percent + delta
        return self.set(max(percent, LEAST_AUDIBLE_PERCENT) if delta > 0 else percent)

    def turn(self, wanted: str) -> int:
        """As people type it: `40` sets, `+10` and `-10` change; ControlError for the rest."""
        match = re.fullmatch(r"([+-]?)(\d{1,3})%?", wanted.strip(), re.ASCII)
        if match is None or int(match[2]) > 100:
            raise ControlError(f"{wanted!r} is no volume; it is 0 to 100, or as +10 and -10")
        percent = int(match[2])
        if not match[1]:
            return self.set(percent)
        return self.change(-percent if match[1] == "-" else percent)

    def cap(self, percent: int) -> None:
        """No louder than this, whatever is asked for; that is remembered for later."""
        if percent != self._cap:
            self._cap = percent
            self._apply(self._percent)

    @property
    def _heard(self) -> int:
        return min(self._percent, self._cap)

    def reapply(self) -> None:
        """The card is back: cards forget."""
        self._moved.set()

    async def run(self) -> None:
        if self._mixer is None:
            return
        while True:
            await self._moved.wait()
            self._moved.clear()
            await self._move(self._mixer)

    def _apply(self, percent: int) -> None:
        self._percent = percent
        self._moved.set()
        self._soften()

    async def _move(self, mixer: Mixer) -> None:
        try:
            await asyncio.to_thread(mixer.set, self._heard)
        except AudioError as error:
            self._by_mixer = False
            if not self._complained:
                log.warning("the volume is set in software: %s", error)
            self._complained = True
        else:
            self._by_mixer, self._complained = True, False
        self._soften()

    def _soften(self) -> None:
        """In software: all of it, or only silence, which few mixers can do."""
        if self._by_mixer:
            self._playout.volume = 1.0 if self._heard else 0.0
        else:
            self._playout.volume = amplitude(self._heard)


def toolbox(volume: Volume, lamps: Lamps, others: Sequence[Tool] = ()) -> ToolBox:
    return ToolBox(
        [
            *volume_tools(volume.set, volume.change),
            *light_tools(lamps.names, lamps.switch),
            *others,
            *conversation_tools(),
        ]
    )
