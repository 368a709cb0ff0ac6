"""The sound server or the assistant's server goes away for a while: when is one heard again?

All systems are in the room at the same time, and somebody says the wake word every two
seconds. Each device is begun again a second after it ends, as by systemd: that is counted.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgevoice.audio.frames import Samples
from peers.room import Room
from peers.scenes import quiet
from peers.sheet import WORD_EVERY_S as EVERY_S
from peers.systems import System

AWAY_S = 3.0
Loss = Literal["microphone", "server"]


@dataclass(frozen=True)
class Recovered:
    heard_s: float | None
    """From the return to the first sound of a wake word at the server; None: not in time."""
    restarts: int
    """Its programs ended and were begun again so often."""


def recover(
    room: Room, systems: Sequence[System], loss: Loss, word: Samples, patience_s: float
) -> dict[str, Recovered]:
    """By name of the system."""
    restarts = {system.name: system.restarted for system in systems}
    if loss == "microphone":
        room.kill()
        time.sleep(AWAY_S)
        room.start()
    else:
        for system in systems:
            system.kill_server()
        time.sleep(AWAY_S)
        for system in systems:  # how long a server takes to start is not the device's doing
            system.restart_server()
    returned = time.monotonic()
    marks = {system.name: system.record.length for system in systems}
    heard = _listen(room, systems, word, marks, returned, patience_s)
    for system in systems:
        system.hang_up()
    time.sleep(EVERY_S)
    return {
        system.name: Recovered(heard.get(system.name), system.restarted - restarts[system.name])
        for system in systems
    }


def _listen(
    room: Room,
    systems: Sequence[System],
    word: Samples,
    marks: dict[str, int],
    returned: float,
    patience_s: float,
) -> dict[str, float]:
    heard: dict[str, float] = {}
    pause = quiet(max(0.0, EVERY_S - len(word) / 16_000))
    while len(heard) < len(systems) and time.monotonic() < returned + patience_s:
        room.say(np.concatenate((word, pause)))
        for system in systems:
            calls = system.record.calls(marks[system.name])
            first = calls[0].first_at if calls else None
            if first is not None:
                heard.setdefault(system.name, first - returned)
    return heard
