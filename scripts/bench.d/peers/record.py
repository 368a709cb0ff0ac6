"""What a server's ear has written down: calls, and what was heard in each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples

ROUNDING = 64
"""Samples."""


@dataclass
class Call:
    began_at: float
    pieces: list[dict[str, Any]] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)

    @property
    def first_at(self) -> float | None:
        return self.pieces[0]["at"] if self.pieces else None

    @property
    def holes(self) -> int:
        """Samples that are missing in between; a resampler's rounding is not."""
        return sum(piece["missing"] for piece in self.pieces if piece["missing"] > ROUNDING)

    def arrived(self, sample: int) -> float | None:
        """When the server had this sample of the call; None: it never did."""
        return next(
            (one["at"] for one in self.pieces
             if one["first"] <= sample < one["first"] + one["samples"]), None,
        )  # fmt: skip

    @property
    def span(self) -> tuple[int, int]:
        """Of `heard.pcm`, in samples."""
        last = self.pieces[-1]
        return self.pieces[0]["place"], last["place"] + last["samples"]


class Record:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def length(self) -> int:
        """A mark for `calls`."""
        return len(self._lines())

    def calls(self, since: int = 0) -> list[Call]:
        """In which anything was heard, from that line on."""
        calls: list[Call] = []
        for line in self._news(since):
            if line["what"] == "call" or not calls:
                calls.append(Call(line["at"]))
            if line["what"] == "heard":
                calls[-1].pieces.append(line)
            elif line["what"] == "turn":
                calls[-1].turns.append(line["at"])
        return [call for call in calls if call.pieces]

    def ready(self, since: int = 0) -> bool:
        return any(line["what"] == "ready" for line in self._news(since))

    def sound(self, call: Call) -> Samples:
        first, end = call.span
        data = (self._folder / "heard.pcm").read_bytes()[2 * first : 2 * end]
        return np.frombuffer(data, "<i2").astype(np.int16)

    def _lines(self) -> list[str]:
        file = self._folder / "heard.jsonl"
        return file.read_text().splitlines() if file.exists() else []

    def _news(self, since: int) -> Iterator[dict[str, Any]]:
        for line in self._lines()[since:]:
            if line.endswith("}"):
                yield json.loads(line)
