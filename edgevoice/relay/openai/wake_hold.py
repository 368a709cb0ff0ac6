"""Keeps the wake phrase from the server, which would take it for a turn.

Nothing is sent until the first words after the phrase; where they follow without a gap, the
phrase is a part of the utterance (`turn_detector.py` says which). Whoever says nothing for a
while is listened to by the server itself.
"""

from collections.abc import Iterator

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.relay.turns.turn_detector import TurnEvent, TurnStarted
from edgevoice.relay.turns.wake_phrase import WakePhrase

MOST = 3 * CAPTURE_RATE_HZ
KEPT = CAPTURE_RATE_HZ // 2
"""Sent with the first sound when nobody was heard to speak: the server may hear better."""


class WakeHold:
    def __init__(self, wake: WakePhrase) -> None:
        self._until = wake.end + MOST

    def release(self, events: Iterator[TurnEvent], end: int) -> int | None:
        """The first sample to send, when it is time; `end`: one past the newest."""
        for event in events:
            if isinstance(event, TurnStarted):
                return event.start
        return end - KEPT if end >= self._until else None
