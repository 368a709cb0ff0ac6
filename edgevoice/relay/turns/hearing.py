"""From received samples to turn events: alignment, frames, VAD, turn detection.

Keeps the last minute of what the client sent, by sample index. Knows nothing of
events on the wire, of engines or of responses.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.vad import Vad
from edgevoice.relay.turns.turn_detector import MAX_TURN, TurnDetector, TurnEvent, TurnRules
from edgevoice.relay.turns.wake_phrase import WakePhrase

KEPT_S = MAX_TURN / CAPTURE_RATE_HZ + 4.0
"""The longest turn, its prefix and the wake phrase before it: 2 MB per session."""
MAX_HOLE = 5 * CAPTURE_RATE_HZ
"""Longer holes in the stream count as this long: no turn survives them anyway."""

MAX_BACKLOG = 30 * CAPTURE_RATE_HZ
"""A verdict that is still missing after so much sound is done without."""

LOOK_BACK = CAPTURE_RATE_HZ
"""Judged when detection is switched on: a device that heard a voice interrupt took 0.25 s to be
sure of it, and its word the network's time to come here."""


class Hearing:
    def __init__(
        self,
        vad: Vad,
        rules: TurnRules | None,
        wake: WakePhrase | None = None,
        can_judge: bool = False,
        owner: TurnRules | None = None,
    ) -> None:
        """`can_judge`: whoever hears of a pause will call `judged`, if the rules want that.

        `owner`: says what speech is to rules that do not, those for judged pauses.
        """
        self._vad = vad
        self._can_judge = can_judge
        self._owner = owner or TurnRules()
        self._ring = RingBuffer(KEPT_S)
        self._detector = TurnDetector(self._possible(rules or TurnRules()), wake)
        self._automatic = rules is not None
        self._judged = 0
        self._skipped = 0
        self._taken = 0

    @property
    def in_turn(self) -> bool:
        return self._detector.in_turn

    @property
    def settled(self) -> int:
        return self._detector.settled

    @property
    def end(self) -> int:
        """One past the last sample received."""
        return self._ring.end

    @property
    def position(self) -> int:
        """The same in the client's own indices: its next sample that is wanted."""
        return self._ring.end + self._skipped

    @property
    def waiting(self) -> tuple[int, int]:
        """What a manual commit would take: from the last commit or clear until now."""
        return max(self._taken, self._ring.start), self._ring.end

    def set_rules(self, rules: TurnRules | None) -> None:
        """None: the client commits its turns itself."""
        if rules is None:
            self._detector.drop()
        else:
            self._detector.rules = self._possible(rules)
            if not self._automatic:
                self._look_back()
        self._automatic = rules is not None

    def _possible(self, rules: TurnRules) -> TurnRules:
        if rules.patience is None:
            return rules
        patience = rules.patience if self._can_judge else None
        owner = self._owner
        return replace(rules, patience=patience, threshold=owner.threshold, prefix=owner.prefix)

    def _look_back(self) -> None:
        """Whoever switches detection on may do so because somebody has begun to speak."""
        self._vad.reset()
        earliest = max(self._taken, self._detector.floor, self._ring.start)
        frames = (self._judged - max(earliest, self._judged - LOOK_BACK)) // FRAME_SAMPLES
        self._judged -= max(0, frames) * FRAME_SAMPLES

    def receive(self, first: int, samples: Samples) -> Iterator[TurnEvent]:
        """The next block; what it means comes out frame by frame."""
        self._store(first - self._skipped, samples)
        if self._ring.end - self._judged > MAX_BACKLOG:
            yield from _told(self._detector.give_up())
        yield from self._listen()

    def judged(self, end: int, finished: bool | None) -> Iterator[TurnEvent]:
        """What `TurnPaused` asked about; then what was heard meanwhile."""
        yield from _told(self._detector.judged(end, finished))
        yield from self._listen()

    def _listen(self) -> Iterator[TurnEvent]:
        while self._ring.end - self._judged >= FRAME_SAMPLES and not self._detector.waits:
            yield from _told(self._judge())

    def append(self, samples: Samples) -> Iterator[TurnEvent]:
        """The next block of a stream without indices."""
        return self.receive(self.position, samples)

    def miss(self, samples: int) -> Iterator[TurnEvent]:
        """So much silence, which the client has not sent and does not count."""
        self._skipped -= samples
        return self.receive(self.position, np.zeros(samples, np.int16))

    def read(self, start: int, stop: int) -> Samples:
        return self._ring.read(max(start, self._ring.start), stop)

    def expect(self, wake: WakePhrase) -> TurnEvent | None:
        """A wake phrase lies there, in the client's own indices."""
        start, end = (max(0, limit - self._skipped) for limit in (wake.start, wake.end))
        return self._detector.expect(WakePhrase(wake.name, start, end))

    def committed(self, until: int) -> None:
        """A turn has taken the samples up to here."""
        self._taken = until

    def take(self) -> None:
        """What was received so far is committed or cleared."""
        self._taken = self._ring.end
        self._judged += (self._ring.end - self._judged) // FRAME_SAMPLES * FRAME_SAMPLES
        self._detector.forget(self._judged)

    def _store(self, first: int, samples: Samples) -> None:
        hole = first - self._ring.end
        if hole > MAX_HOLE:
            self._skipped += hole - MAX_HOLE
            hole = MAX_HOLE
        if hole > 0:
            self._ring.write(np.zeros(hole, np.int16))
        self._ring.write(samples[max(0, -hole) :])

    def _judge(self) -> TurnEvent | None:
        start, self._judged = self._judged, self._judged + FRAME_SAMPLES
        frame = self._ring.read(start, self._judged)
        if not self._automatic:
            return None
        return self._detector.hear(start, self._judged, self._vad.probability(frame))


def _told(event: TurnEvent | None) -> Iterator[TurnEvent]:
    if event is not None:
        yield event
