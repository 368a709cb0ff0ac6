"""Records the room, and then somebody who says a word when asked to."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.config import MicrophoneConfig
from edgevoice.doctor.open_microphone import open_microphone
from edgevoice.errors import MicrophoneError

LEAD_IN_S = 1.6
"""Of the room, before each cue: the models look back over 1.3 s."""
SAY_S = 3.0
ANSWER_DB = 8.0
"""Somebody spoke if a tenth of a second is so much louder than the room before the cue."""
AGAIN = 2
"""So many more chances for each time nothing was heard."""
LOOK_S = 0.05
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Wanted:
    word: str
    noise_s: float
    times: int


@dataclass(slots=True)
class Recorded:
    noise: list[Samples] = field(default_factory=list)
    utterances: dict[str, Samples] = field(default_factory=dict)


Tell = Callable[[str], None]


def on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def record(config: MicrophoneConfig, wanted: Wanted, tell: Tell = on_stderr) -> Recorded:
    """MicrophoneError (perhaps in a group) where the microphone fails."""
    tape = Tape()
    async with open_microphone(config, tape.hear, tape.lost):
        return await ask(tape, wanted, tell)


async def ask(tape: "Tape", wanted: Wanted, tell: Tell) -> Recorded:
    """First the room, then the word, so often."""
    recorded = Recorded()
    if wanted.noise_s:
        tell(
            f"the next {wanted.noise_s:.0f} s are the room as it usually is (television, talk),"
            f' without "{wanted.word}"'
        )
        recorded.noise.append(await tape.next(wanted.noise_s))
    for number in range(1, wanted.times + 1):
        said = await _asked(tape, f'say "{wanted.word}" ({number} of {wanted.times})', tell)
        if said is not None:
            recorded.utterances[f"utterance-{number:02}"] = said
    if wanted.times and not recorded.utterances:
        raise MicrophoneError(
            "nothing was heard; `edgevoice listen` shows whether the microphone hears you"
        )
    return recorded


async def _asked(tape: "Tape", cue: str, tell: Tell) -> Samples | None:
    """What was said, with the room before it; None where nothing was."""
    for _ in range(1 + AGAIN):
        room = await tape.next(LEAD_IN_S)
        tell(f"{cue}\a")
        said = await tape.next(SAY_S)
        if _loudest(said) > _usual(room) * 10 ** (ANSWER_DB / 20):
            return np.concatenate((room, said))
        tell("nothing was heard; once more")
    return None


def _pieces(sound: Samples) -> Samples:
    piece = CAPTURE_RATE_HZ // 10
    return sound[: len(sound) // piece * piece].reshape(-1, piece)


def _levels(sound: Samples) -> list[float]:
    return [max(1.0, float(np.std(piece))) for piece in _pieces(sound)]


def _loudest(sound: Samples) -> float:
    return max(_levels(sound))


def _usual(sound: Samples) -> float:
    return float(np.median(_levels(sound)))


class Tape:
    """Hands out what is captured, in order, without gaps."""

    def __init__(self) -> None:
        self._blocks: list[Samples] = []
        self._held = 0
        self._trouble = ""

    def hear(self, block: Samples) -> None:
        self._blocks.append(block.copy())
        self._held += len(block)

    def lost(self, reason: str) -> None:
        self._trouble = reason

    async def next(self, seconds: float) -> Samples:
        """So much of what follows what was handed out before."""
        wanted = round(seconds * CAPTURE_RATE_HZ)
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + seconds + PATIENCE_S
        while self._held < wanted:
            if self._trouble:
                raise MicrophoneError(self._trouble)
            if loop.time() > give_up_at:
                raise MicrophoneError(
                    "the microphone is open and delivers no sound; unplug it once"
                )
            await asyncio.sleep(LOOK_S)
        sound = np.concatenate(self._blocks)
        self._blocks = [sound[wanted:]]
        self._held = len(sound) - wanted
        return sound[:wanted]
