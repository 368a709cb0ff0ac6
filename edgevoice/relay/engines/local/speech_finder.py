"""Where in an utterance the speech is, and which pieces of it to recognise at a time.

Frames are judged once, as they come; the pieces are a function of what was judged,
and a piece that is closed stays as it is however long the speaker goes on.
"""

import copy
from collections.abc import Sequence

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.vad import Vad

SPEECH = 0.4
"""Probability from which a frame is worth recognising; cutting a word costs more than noise."""
SHORTEST = 4
"""Frames of speech below which there was none: a click, not a word."""
MARGIN = 5
"""Frames kept on both sides. On 80 recorded orders 100 ms did better than 200 or 300 ms."""
GAP = 15
"""Silence of 0.3 s after which a long piece may end."""
WIDE_GAP = 75
"""1.5 s; with more silence inside, the network tends to answer nothing at all."""
LONG = 400
"""After 8 s the next gap ends a piece."""
LONGEST = 1000
"""After 20 s it ends anyway, at the quietest frame of its last 5 s."""

Piece = tuple[int, int]
"""First sample and one past the last."""


class SpeechFinder:
    """One utterance. Not for two threads at once."""

    def __init__(self, vad: Vad) -> None:
        self._vad = copy.copy(vad)  # the network is shared, what it remembers is not
        self._vad.reset()
        self._judged: list[float] = []

    def look(self, samples: Samples) -> list[Piece]:
        """The pieces of speech in the utterance so far, whose beginning was seen before."""
        for at in range(len(self._judged) * FRAME_SAMPLES, len(samples), FRAME_SAMPLES):
            frame = samples[at : at + FRAME_SAMPLES]
            if len(frame) == FRAME_SAMPLES:
                self._judged.append(self._vad.probability(frame))
        return [
            (max(0, first - MARGIN) * FRAME_SAMPLES, (last + 1 + MARGIN) * FRAME_SAMPLES)
            for first, last in divide(self._judged)
        ]


def divide(judged: Sequence[float]) -> list[tuple[int, int]]:
    """First and last frame of each piece."""
    pieces: list[tuple[int, int]] = []
    begin = last = -1
    loud = 0
    for frame, probability in enumerate(judged):
        if probability < SPEECH:
            continue
        if loud and _ends(last - begin, frame - last):
            pieces += [(begin, last)] if loud >= SHORTEST else []
            loud = 0
        begin = begin if loud else frame
        last, loud = frame, loud + 1
        if last - begin >= LONGEST:
            tail = range(last - LONGEST // 4, last + 1)
            cut = min(tail, key=lambda at: judged[at])
            pieces.append((begin, cut))
            begin, loud = cut, last - cut
    return pieces + ([(begin, last)] if loud >= SHORTEST else [])


def _ends(length: int, silence: int) -> bool:
    """This much silence after a piece of this length is its end."""
    return silence > WIDE_GAP or (length >= LONG and silence > GAP)
