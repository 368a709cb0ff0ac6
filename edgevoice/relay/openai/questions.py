"""What the user has said to the server, and what of it is not answered. Pure bookkeeping.

So that somebody else can go on: from which sample on the sound must be heard again, which items
were never put into words, and whether an answer is owed. Samples count in the relay's ring.
"""

from dataclasses import dataclass

from edgevoice.audio.frames import CAPTURE_RATE_HZ

PREFIX = CAPTURE_RATE_HZ * 3 // 10
"""Heard again before the first sample of a turn: beginnings are soft."""
MOST_UNANSWERED = 16


@dataclass(slots=True)
class _Turn:
    start: int
    has_words: bool = False
    is_noise: bool = False
    """There were no words in it."""
    is_replayable: bool = True
    """The server found its end; so will whoever hears it again."""


class Questions:
    def __init__(self) -> None:
        self.count = 0
        self.is_owed = False
        """The server will answer, or was asked to."""
        self.taken = 0
        """Everything before belongs to turns that are over."""
        self._is_asked = False
        self._speaking: int | None = None
        self._turns: dict[str, _Turn] = {}
        """Committed, unanswered."""

    @property
    def is_speaking(self) -> bool:
        return self._speaking is not None

    def started(self, index: int) -> None:
        self._speaking = max(index, self.taken)

    def committed(self, item_id: str, end: int, to_be_answered: bool, by_client: bool) -> None:
        start = self.taken if self._speaking is None else self._speaking
        self.count += 1
        self._speaking, self.taken = None, end
        self._turns[item_id] = _Turn(start, is_replayable=not by_client)
        if len(self._turns) > MOST_UNANSWERED:
            del self._turns[next(iter(self._turns))]
        self.is_owed = self.is_owed or to_be_answered

    def understood(self, item_id: str, words: str) -> None:
        """Its transcript has come."""
        turn = self._turns.get(item_id)
        if turn is not None:
            turn.has_words, turn.is_noise = bool(words.strip()), not words.strip()

    def cleared(self, end: int) -> None:
        """What was said since the last turn does not count."""
        self._speaking, self.taken = None, end

    def asked(self) -> None:
        """The client wants an answer."""
        self.is_owed = self._is_asked = True

    def answered(self) -> None:
        self.is_owed = self._is_asked = False
        self._turns.clear()

    @property
    def to_hear_again(self) -> tuple[str, ...]:
        """Items of which nobody knows what was said, and whose sound is handed on."""
        return tuple(
            item_id
            for item_id, turn in self._turns.items()
            if self.is_owed and turn.is_replayable and not (turn.has_words or turn.is_noise)
        )

    @property
    def is_left(self) -> bool:
        """A successor has something to answer that it need not hear again."""
        said = self._is_asked or any(turn.has_words for turn in self._turns.values())
        return self.is_owed and said and not self.to_hear_again

    def first_unheard(self, default: int) -> int:
        """The first sample that a successor must hear; `default` while nothing is known of."""
        starts = [self._turns[item_id].start - PREFIX for item_id in self.to_hear_again]
        if self._speaking is not None:
            starts.append(self._speaking - PREFIX)
        return max(0, min([default, *starts]))
