"""Which words of an answer had begun to sound by when. Pure bookkeeping."""

from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ


class Spoken:
    """One answer: pieces of text, each followed by the sound that speaks it."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, int]] = []
        self._samples = 0

    def add_text(self, text: str) -> None:
        self._pieces.append((text, self._samples))

    def add_audio(self, samples: int) -> None:
        self._samples += samples

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self._pieces)

    @property
    def duration_ms(self) -> int:
        return self._samples * 1000 // SPEAKING_RATE_HZ

    def heard(self, until_ms: int) -> str:
        """The pieces whose sound had begun before that moment."""
        return "".join(text for text, at in self._pieces if at * 1000 < until_ms * SPEAKING_RATE_HZ)
