"""Which words of an answer had begun to sound by when. Pure bookkeeping."""

from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ


class Spoken:
    """One spoken message: pieces of text, each followed by the sound that speaks it."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms
        """Sound of the same response before this message."""
        self.complete = False
        """Nothing was left out when it was made."""
        self._pieces: list[tuple[str, int]] = []
        self._samples = 0
        self._limit_ms: int | None = None

    def add_text(self, text: str) -> None:
        self._pieces.append((text, self._samples))

    def add_audio(self, samples: int) -> None:
        self._samples += samples

    @property
    def duration_ms(self) -> int:
        return self._samples * 1000 // SPEAKING_RATE_HZ

    @property
    def end_ms(self) -> int:
        """Where it ends, as far as it is made and was not cut."""
        return self.duration_ms if self._limit_ms is None else self._limit_ms

    def cut(self, at_ms: int) -> int:
        """Nothing after `at_ms` was heard; returns where it ends now. A later cut only shortens."""
        self._limit_ms = max(0, min(at_ms, self.end_ms))
        return self._limit_ms

    @property
    def heard(self) -> str:
        """The pieces whose sound had begun before the cut; all of them if there was none."""
        until_ms = self.end_ms
        if self.complete and until_ms >= self.duration_ms:
            return "".join(text for text, _ in self._pieces)
        until = until_ms * SPEAKING_RATE_HZ
        return "".join(text for text, at in self._pieces if at * 1000 < until)
