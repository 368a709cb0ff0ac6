"""Barge-in: somebody speaks into an answer; how long until the loudspeaker is silent.

The answer is a hum without a pause, and the microphone does not hear it: as with
headphones, so that those are not at a disadvantage who have no echo canceller.
"""

import time
from dataclasses import dataclass

import numpy as np
from hearing.rooms import spoken_frames

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from peers.room import Room
from peers.scenes import Said, place, quiet
from peers.systems import System
from peers.talking import LEAD_S, REST_S, TAIL_S, Garbled

INTO_S = 1.5
BEGIN_S = 5.0
AUDIBLE = 60
"""Amplitude; the hum has thousands."""
SILENT_S = 0.5
GOES_ON_BLOCKS = 8
"""Tenths of a second."""
STOPPED_BY_S = 2.0
"""An answer that goes on for longer was not stopped."""


@dataclass(frozen=True)
class Interrupted:
    answered: bool
    silent_s: float | None = None
    """From the first sound of the user to silence."""
    stopped: bool = False
    """Else the answer was played to its end."""


def interrupt(
    room: Room, system: System, said: Said, words: Samples, answer_s: float
) -> Interrupted:
    """Ask, let it answer, speak into it."""
    began = room.played.end
    room.say(np.concatenate((quiet(LEAD_S), said.sound, quiet(TAIL_S))))
    give_up_at = time.monotonic() + BEGIN_S
    while (loud := _first_loud(room.played.since(began))) is None:
        if time.monotonic() > give_up_at:
            system.hang_up()
            time.sleep(REST_S)
            return Interrupted(False)
        time.sleep(0.05)
    time.sleep(max(0.0, INTO_S - (room.played.end - began - loud) / CAPTURE_RATE_HZ))
    mark = room.said.end
    room.say(np.concatenate((words, quiet(0.3))))
    left = answer_s - (room.played.end - began - loud) / CAPTURE_RATE_HZ
    time.sleep(max(1.0, left + 0.5))
    result = _measure(room, words, mark, began)
    system.hang_up()
    time.sleep(REST_S)
    return result


def _measure(room: Room, words: Samples, mark: int, began: int) -> Interrupted:
    at = place(room.said.since(mark), words)
    if at is None:
        raise Garbled
    first = int(np.flatnonzero(spoken_frames(words))[0]) * FRAME_SAMPLES
    spoke_at = room.said.time_of(mark + at + first)
    silent = silent_from(room.played.since(began), began, room, spoke_at)
    return Interrupted(True, silent, silent < STOPPED_BY_S)


def silent_from(played: Samples, began: int, room: Room, spoke_at: float) -> float:
    """Seconds after that moment: the beginning of the first silence that lasts."""
    block = CAPTURE_RATE_HZ // 100
    loud = np.abs(played[: len(played) // block * block].reshape(-1, block)).max(1) > AUDIBLE
    first = int((spoke_at - room.played.time_of(began)) * 100)
    last = first
    for n in range(max(0, first), len(loud)):
        if loud[n]:
            last = n + 1
        elif n - last >= SILENT_S * 100:
            break
    return last / 100 - (spoke_at - room.played.time_of(began))


def _first_loud(sound: Samples) -> int | None:
    """Of a sound that goes on: a chime is short."""
    block = CAPTURE_RATE_HZ // 10
    loud = np.abs(sound[: len(sound) // block * block].reshape(-1, block)).max(1, initial=0)
    run = 0
    for n, amplitude in enumerate(loud):
        run = run + 1 if amplitude > AUDIBLE else 0
        if run >= GOES_ON_BLOCKS:
            return (n - run + 1) * block
    return None
