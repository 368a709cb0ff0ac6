"""Words lost, wake to server, end of speech to answer: one breath spoken to each in turn.

Everything is measured on the tapes of the room and on what the server wrote down, in the
same way for all.
"""

import time
from dataclasses import dataclass

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from peers.record import Call
from peers.room import Room
from peers.scenes import Said, lost_speech_s, place, quiet
from peers.systems import System

LEAD_S, TAIL_S = 0.4, 1.0
ANSWER_WITHIN_S = 4.0
REST_S = 1.5
"""Between two trials: an answer ends, a connection is closed."""

ONSET_S = 0.3
"""So much of the answer is looked for on the loudspeaker's tape."""


class Garbled(Exception):
    """What was said is not on the room's own tape: the machine was too busy to say it."""


@dataclass(frozen=True)
class Heard:
    """One trial; None where it did not come to that. Seconds."""

    woke: bool
    lost_s: float | None = None
    """Speech of the command that the server never got."""
    begins_s: float | None = None
    """Where its sound begins, after the end of the wake word."""
    to_server_s: float | None = None
    """From the end of the wake word to the first of its sound at the server."""
    to_answer_s: float | None = None
    """From the end of speech to the first sample of the answer, the server's silence included."""
    uplink_s: float | None = None
    """From the last sample of speech to that sample at the server."""
    turn_s: float | None = None
    """From the end of speech to the server's decision that it was over."""


def talk(room: Room, system: System, said: Said, answer: Samples) -> Heard:
    """Say it, wait for the answer, hang up."""
    mark, began = system.record.length, (room.said.end, room.played.end)
    room.say(np.concatenate((quiet(LEAD_S), said.sound, quiet(TAIL_S))))
    give_up_at = time.monotonic() + ANSWER_WITHIN_S
    while time.monotonic() < give_up_at and not _turns(system.record.calls(mark)):
        time.sleep(0.05)
    time.sleep(len(answer) / CAPTURE_RATE_HZ + 0.8)
    heard = _measure(room, system, said, answer, mark, began)
    system.hang_up()
    time.sleep(REST_S)
    return heard


def _turns(calls: list[Call]) -> list[float]:
    return [at for call in calls for at in call.turns]


def _measure(
    room: Room, system: System, said: Said, answer: Samples, mark: int, began: tuple[int, int]
) -> Heard:
    at = place(room.said.since(began[0]), said.sound)
    if at is None:
        raise Garbled
    at += began[0]
    word_end, speech_end = (
        room.said.time_of(at + sample) for sample in (said.word_end, said.speech_end)
    )
    calls = system.record.calls(mark)
    if not calls:
        return Heard(False)
    call = calls[0]
    assert call.first_at is not None
    turns = [turn for turn in _turns(calls) if turn > word_end]
    onset = answer[: round(ONSET_S * CAPTURE_RATE_HZ)]
    played = place(room.played.since(began[1]), onset)
    begins = _begins(system, call, said)
    arrived = None if begins is None else call.arrived(said.speech_end - begins)
    return Heard(
        woke=True,
        lost_s=None if begins is None else lost_speech_s(said, max(0, begins), call.holes),
        begins_s=None if begins is None else (begins - said.word_end) / CAPTURE_RATE_HZ,
        to_server_s=call.first_at - word_end,
        to_answer_s=None if played is None else room.played.time_of(began[1] + played) - speech_end,
        uplink_s=None if arrived is None else arrived - speech_end,
        turn_s=turns[0] - speech_end if turns else None,
    )


def _begins(system: System, call: Call, said: Said) -> int | None:
    """Which sample of what was said the server heard first; None: it cannot be told."""
    heard = system.record.sound(call)[: len(said.sound) + 4 * CAPTURE_RATE_HZ]
    at = place(heard, said.sound)
    return None if at is None else -at
