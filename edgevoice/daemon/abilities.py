"""What the assistant can do on this board: the tools, wired to what they move."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.hardware.lamps import Lamps
from edgevoice.hardware.state_file import StateFile
from edgevoice.tools.conversation import conversation_tools
from edgevoice.tools.light import light_tools
from edgevoice.tools.timer_tools import TimerTools
from edgevoice.tools.timers import Timers
from edgevoice.tools.toolbox import ToolBox
from edgevoice.tools.volume import volume_tools
from edgevoice.transceiver.inputs import Input, TimerRang


class Volume:
    """Loudness in per cent, as people say it, over an amplitude, as a mixer wants it."""

    def __init__(self, playout: PlayoutBuffer, memory: SettingsMemory) -> None:
        self._playout = playout
        self._memory = memory
        self._percent = 0

    @property
    def percent(self) -> int:
        return self._percent

    def restore(self, default_percent: int) -> None:
        """What was last asked for, or the configured one."""
        remembered = self._memory.volume_percent
        self._apply(default_percent if remembered is None else remembered)

    def set(self, percent: int) -> None:
        self._apply(percent)
        self._memory.remember_volume(percent)

    def _apply(self, percent: int) -> None:
        self._percent = percent
        # Half the amplitude is far from half as loud; the square comes near.
        self._playout.volume = (percent / 100) ** 2


def timer_tools(state_dir: Path, post: Callable[[Input], None]) -> TimerTools:
    """Timers that ring as inputs and survive a restart."""
    return TimerTools(
        Timers(lambda label: post(TimerRang(label))),
        StateFile(state_dir / "timers.json"),
        clock=asyncio.get_running_loop().time,
        wall_clock=time.time,
    )


def toolbox(volume: Volume, lamps: Lamps, timers: TimerTools) -> ToolBox:
    return ToolBox(
        [
            *volume_tools(lambda: volume.percent, volume.set),
            *light_tools(lamps.names, lamps.switch),
            *timers.tools(),
            *conversation_tools(),
        ]
    )
