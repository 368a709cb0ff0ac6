"""`edgevoice listen`: level, speech and wake scores, live.

Asks the running assistant, which has the microphone; where none runs, opens it itself.
Nothing is kept of what is heard.
"""

import argparse
import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import numpy as np

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.level import peak_dbfs, rms_dbfs
from edgevoice.audio.vad import Vad, make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config
from edgevoice.config_file import asked_for
from edgevoice.daemon.control.client import request
from edgevoice.doctor.finding import may_colour
from edgevoice.doctor.meter import Levels, Meter
from edgevoice.doctor.open_microphone import open_microphone
from edgevoice.errors import ControlError

SHOW_S = 0.1
"""Ten times a second where somebody looks or a program reads, else once."""
SHOW_LINES_S = 1.0


def main(args: argparse.Namespace) -> int:
    """Until Ctrl-C or `--seconds`."""
    config = asked_for(args).config
    display = Display(config, as_json=args.json)
    try:
        asyncio.run(_listen(config, display, args.seconds))
    except KeyboardInterrupt:
        pass  # how it is meant to end
    finally:
        display.close()
    return 0


async def _listen(config: Config, display: "Display", seconds: float | None) -> None:
    ask = assistant(config.control.socket)
    if ask is not None:
        await _show(ask, display, seconds)
        return
    ear = await asyncio.to_thread(Ear, config)
    async with open_microphone(config.microphone, ear.hear, display.complain):
        await _show(ear.take, display, seconds)


Take = Callable[[], Awaitable[Levels]]


def assistant(socket: str) -> Take | None:
    """How to ask the one that runs; None if none does. ControlError if it cannot be asked."""
    try:
        request(socket, "levels")
    except ControlError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and not isinstance(cause, PermissionError):
            return None
        raise

    async def ask() -> Levels:
        return Levels.of(await asyncio.to_thread(request, socket, "levels"))

    return ask


async def _show(take: Take, display: "Display", seconds: float | None) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    number = 1
    while seconds is None or (number - 1) * display.every_s < seconds:
        await asyncio.sleep(began + number * display.every_s - loop.time())
        display.show(await take(), number * display.every_s)
        number += 1


class Ear:
    """Hears what the assistant would hear, and keeps the numbers until they are taken."""

    def __init__(self, config: Config) -> None:
        self._vad: Vad = make_vad(config.vad, config.wake.models_dir)
        self._words = WakeWords(config.wake.models_dir, config.wake)
        self._index = 0
        self._frames: list[Samples] = []
        self._speech = 0.0
        self._scores: dict[str, float] = {}

    def hear(self, frame: Samples) -> None:
        self._words.hear(frame, self._index)
        self._index += FRAME_SAMPLES
        self._frames.append(frame)
        self._speech = max(self._speech, self._vad.probability(frame))
        for name, score in self._words.scores.items():
            self._scores[name] = max(score, self._scores.get(name, 0.0))

    async def take(self) -> Levels:
        """Since it was last taken: the mean level, and the highest of everything else."""
        sound = np.concatenate(self._frames or [np.zeros(0, np.int16)])
        levels = Levels(
            round(rms_dbfs(sound), 1),
            round(peak_dbfs(sound), 1),
            round(self._speech, 3),
            {name: round(score, 3) for name, score in self._scores.items()},
        )
        self._forget()
        return levels

    def _forget(self) -> None:
        self._frames = []
        self._speech = 0.0
        self._scores = dict(self._words.scores)


class Display:
    """A line that is drawn over in a terminal, lines elsewhere, objects for programs."""

    def __init__(self, config: Config, *, as_json: bool) -> None:
        thresholds = {word.name: word.threshold for word in config.wake.words}
        self._as_json = as_json
        self._redraws = sys.stdout.isatty() and not as_json
        self._meter = Meter(thresholds, colour=may_colour(sys.stdout))
        self._drawn = False
        self.every_s = SHOW_S if self._redraws or as_json else SHOW_LINES_S

    def show(self, levels: Levels, now: float) -> None:
        if self._as_json:
            print(json.dumps({"t": round(now, 1), **asdict(levels)}), flush=True)
        elif self._redraws:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{self._meter.line(levels, now, width)}", end="", flush=True)
            self._drawn = True
        else:
            print(self._meter.line(levels, now), flush=True)

    def complain(self, reason: str) -> None:
        self.close()
        print(f"edgevoice: {reason}; trying to get it back", file=sys.stderr, flush=True)

    def close(self) -> None:
        """The next line begins at its beginning."""
        if self._drawn:
            print(flush=True)
            self._drawn = False
