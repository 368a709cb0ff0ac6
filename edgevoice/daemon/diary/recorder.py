"""Keeps the sound of the last turns for looking into trouble, if the owner has asked for it.

While it is off nothing is copied. While it is on, what the microphone delivered, what
the ears heard of it and what was played are kept in memory for a turn's length, and
written beside the event loop when the turn ends: a folder each, of which the oldest
are erased.
"""

import asyncio
import json
import logging
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from edgevoice import __version__
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.wav import WavWriter
from edgevoice.daemon.diary.flight_file import write_flight
from edgevoice.errors import WavError
from edgevoice.transceiver.flight import Entry

log = logging.getLogger(__name__)

FOLDER = "recordings"
TRACKS = ("microphone", "heard", "played")
LEAD_S = 6.0
"""Before a turn begins: the wake word, and what the models want to have heard before it."""
MOST_S = 60.0
"""Of one turn; of a longer one its end."""
FRAMES_PER_S = CAPTURE_RATE_HZ // FRAME_SAMPLES
MOST_WAITING = 2
"""Turns that wait for a slow card; more are not recorded."""


class Frame(NamedTuple):
    first: int
    microphone: Samples
    heard: Samples
    played: Samples


@dataclass(frozen=True, slots=True)
class Bundle:
    at: datetime
    turn: Mapping[str, Any]
    frames: Sequence[Frame]
    flight: Sequence[Entry]
    generation: int


class Recorder:
    def __init__(self, directory: Path, wall_clock: Callable[[], datetime]) -> None:
        self._folder = directory / FOLDER
        self._wall_clock = wall_clock
        self._frames: deque[Frame] = deque(maxlen=round((LEAD_S + MOST_S) * FRAMES_PER_S))
        self._in_turn = False
        self._waiting: asyncio.Queue[Bundle] = asyncio.Queue(MOST_WAITING)
        self._writing = threading.Lock()
        self._generation = 0
        """Grows when all is forgotten: what was heard before is not written any more."""
        self.is_on = False
        self.turns = 0
        """To be kept."""
        self.about: Mapping[str, Any] = {}
        """Put beside each turn: what it was heard with."""

    def switch(self, on: bool) -> None:
        self.is_on = on
        if not on:
            self._drop()

    def hear(self, first: int, microphone: Samples, heard: Samples, played: Samples) -> None:
        """The ears' tap; a few kilobytes are copied, or nothing."""
        if not self.is_on:
            return
        self._frames.append(Frame(first, microphone.copy(), heard.copy(), played.copy()))
        if not self._in_turn:
            while len(self._frames) > LEAD_S * FRAMES_PER_S:
                self._frames.popleft()

    def begin(self) -> None:
        """A turn."""
        self._in_turn = True

    def end(self, turn: Mapping[str, Any], flight: Sequence[Entry]) -> None:
        """It is over; `flight` leads to here."""
        self._in_turn = False
        if not self.is_on:
            return
        at, frames = self._wall_clock(), tuple(self._frames)
        try:
            self._waiting.put_nowait(Bundle(at, turn, frames, flight, self._generation))
        except asyncio.QueueFull:
            log.warning("turn %s is not recorded: the card is too slow", turn["turn"])

    async def run(self) -> None:
        while True:
            await asyncio.to_thread(self._write, await self._waiting.get())

    def forget(self) -> None:
        """In memory; whatever is being written is erased with the rest."""
        self._drop()
        self._generation += 1

    def erase(self) -> None:
        """In any thread, after `forget`."""
        with self._writing:
            shutil.rmtree(self._folder, ignore_errors=True)

    def kept(self) -> list[Path]:
        """Folders, oldest first. Blocking."""
        return bundles(self._folder)

    def _drop(self) -> None:
        self._frames.clear()
        while not self._waiting.empty():
            self._waiting.get_nowait()

    def _write(self, bundle: Bundle) -> None:
        with self._writing:
            if bundle.generation != self._generation:
                return
            try:
                self._write_files(bundle)
            except (OSError, WavError) as trouble:
                log.warning("a turn cannot be recorded: %s", trouble)
                shutil.rmtree(self._folder / PARTIAL, ignore_errors=True)

    def _write_files(self, bundle: Bundle) -> None:
        partial = self._folder / PARTIAL
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700, parents=True)
        self._folder.chmod(0o700)
        for track in TRACKS:
            _write_track(partial / f"{track}.wav", [getattr(f, track) for f in bundle.frames])
        write_flight(partial / "flight.jsonl", bundle.flight, "", bundle.at)
        first = bundle.frames[0].first if bundle.frames else 0
        about = {
            "edgevoice_recording": 1,
            "version": __version__,
            "first_sample": first,
            "turn": bundle.turn,
            **self.about,
        }
        with _private(partial / "turn.json").open("w", encoding="utf-8") as file:
            json.dump(about, file, indent=1)
        named = f"{bundle.turn['turn']:06d}-{bundle.at:%Y%m%d-%H%M%S}"
        shutil.rmtree(self._folder / named, ignore_errors=True)
        partial.rename(self._folder / named)
        for old in bundles(self._folder)[: -self.turns or None]:
            shutil.rmtree(old, ignore_errors=True)


PARTIAL = "partial"


def _write_track(path: Path, frames: Sequence[Samples]) -> None:
    with WavWriter(_private(path)) as wav:
        for frame in frames:
            wav.write(frame)


def _private(path: Path) -> Path:
    """Its owner's alone from the first byte."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path


def bundles(folder: Path) -> list[Path]:
    """Of finished turns, oldest first."""
    try:
        found = [path for path in folder.iterdir() if (path / "turn.json").is_file()]
    except OSError:
        return []
    return sorted(path for path in found if path.name != PARTIAL)
