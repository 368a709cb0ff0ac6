"""What is heard as one line of text, drawn over and over. Pure: it is handed the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from edgevoice.audio.level import SILENCE_DBFS

LOWEST_DBFS = -70.0
LEVEL_WIDTH, SPEECH_WIDTH = 20, 6
"""With one wake word the line fits 80 columns."""
CLIPPED_DBFS = -0.1

HOLD_S = 1.5
"""A peak is shown for so long; a clipped one and a wake score twice as long."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What was heard in about the last tenth of a second."""

    rms_dbfs: float
    peak_dbfs: float
    speech: float
    scores: Mapping[str, float]
    erle_db: float | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Levels":
        """From the running assistant's answer; what is missing or no number counts as nothing."""
        scores = answer.get("scores")
        erle_db = answer.get("erle_db")
        return cls(
            _number(answer.get("rms_dbfs"), SILENCE_DBFS),
            _number(answer.get("peak_dbfs"), SILENCE_DBFS),
            _number(answer.get("speech"), 0.0),
            {name: _number(s, 0.0) for name, s in scores.items()} if scores else {},
            None if erle_db is None else _number(erle_db, 0.0),
        )


def _number(value: Any, otherwise: float) -> float:
    if isinstance(value, int | float) and isfinite(value):
        return float(value)
    return otherwise


@dataclass(slots=True)
class _Held:
    """The highest value of the last while."""

    hold_s: float
    value: float = -120.0
    since: float = 0.0

    def hear(self, value: float, now: float) -> float:
        if value >= self.value or now - self.since > self.hold_s:
            self.value, self.since = value, now
        return self.value


@dataclass(slots=True)
class Meter:
    thresholds: Mapping[str, float]
    colour: bool = False
    _peak: _Held = field(default_factory=lambda: _Held(HOLD_S))
    _clipped: _Held = field(default_factory=lambda: _Held(2 * HOLD_S))
    _best: dict[str, _Held] = field(default_factory=dict)

    def line(self, levels: Levels, now: float, width: int = 200) -> str:
        peak = self._peak.hear(levels.peak_dbfs, now)
        clipped = self._clipped.hear(levels.peak_dbfs, now) >= CLIPPED_DBFS
        parts = [
            f"{levels.rms_dbfs:6.1f} dBFS {level_bar(levels.rms_dbfs, peak)}",
            self._marked("CLIP", "31") if clipped else "    ",
            f"speech {bar(levels.speech, SPEECH_WIDTH)}",
        ]
        parts += [self._score(name, score, now) for name, score in levels.scores.items()]
        if levels.erle_db is not None:
            parts.append(f"echo -{levels.erle_db:.0f} dB")
        return _cut("  ".join(parts), width)

    def _score(self, name: str, score: float, now: float) -> str:
        held = self._best.setdefault(name, _Held(2 * HOLD_S))
        best = held.hear(score, now)
        told = f"{name} {score:.2f} ({best:.2f})"
        return self._marked(told, "32") if best >= self.thresholds.get(name, 2.0) else told

    def _marked(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour else text


def level_bar(rms_dbfs: float, peak_dbfs: float) -> str:
    """`[########-----|------]`: the level, and the highest peak of the last while."""
    cells = list(("#" * _cell(rms_dbfs)).ljust(LEVEL_WIDTH, "-"))
    at = _cell(peak_dbfs)
    if at:
        cells[at - 1] = "|"
    return f"[{''.join(cells)}]"


def _cell(dbfs: float) -> int:
    share = (dbfs - LOWEST_DBFS) / -LOWEST_DBFS
    return min(LEVEL_WIDTH, max(0, round(share * LEVEL_WIDTH)))


def bar(share: float, width: int) -> str:
    filled = min(width, max(0, round(share * width)))
    return f"[{'#' * filled}{'-' * (width - filled)}]"


def _cut(line: str, width: int) -> str:
    """To the terminal's width, or it would not be drawn over; colours take no room."""
    room, shown, escape = width, [], False
    for character in line:
        escape = escape or character == "\x1b"
        if not escape and not room:
            continue
        shown.append(character)
        room -= not escape
        if escape and character == "m":
            escape = False
    return "".join(shown)
