"""The device of a soak: `edgevoice run` as it is, but for a sound card one can order about.

    python -m edgevoice.simulator.soak.device CONFIG

Orders come on standard input, a line each: `say FILE` into the microphone, `unplug` and
`plug_in` of `microphone` or `speaker`; `tasks` writes into the log what runs. Each is answered
by a number on standard output, the first one by how many seconds it will take. Nothing else of
the program knows of it.
"""

import asyncio
import logging
import sys
from asyncio import all_tasks
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgevoice import config_file
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import read_wav
from edgevoice.config import Config
from edgevoice.daemon import program
from edgevoice.daemon.board import Board
from edgevoice.errors import ScenarioError
from edgevoice.hardware.gpio.pins import MockPins
from edgevoice.hardware.sound.microphone import Microphone, OnBlock, OnFound, OnLost
from edgevoice.hardware.sound.speaker import Speaker
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone
from edgevoice.hardware.sound.virtual_speaker import VirtualSpeaker
from edgevoice.webrtc.hardening import harden

log = logging.getLogger(__name__)

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
HISS = 3
"""Amplitude of a quiet room: exact zeros are a dead microphone."""
SOUNDS = 32


class HissingMicrophone(VirtualMicrophone):
    """In a room that is quiet, and not dead."""

    _hiss = np.random.default_rng(1).integers(-HISS, HISS + 1, 50 * FRAME_SAMPLES)

    def _mixed(self, first: int) -> Samples:
        at = first % len(self._hiss)
        said = super()._mixed(first).astype(np.int32) + self._hiss[at : at + FRAME_SAMPLES]
        mixed: Samples = np.clip(said, -32768, 32767).astype(np.int16)
        return mixed


class Puppet:
    """The sound card, in whoever's hands standard input is. It outlives the device: a reload
    makes another one, which is given the same card."""

    def __init__(self) -> None:
        self._pins = MockPins()
        self._microphone: VirtualMicrophone
        self._speaker: VirtualSpeaker

    def board(self, config: Config) -> Board:
        """What `Program` asks for."""
        return Board(self._make_microphone, self._make_speaker, lambda: self._pins)

    def obey(self, line: str) -> str:
        """What is to be answered."""
        match line.split(maxsplit=1):
            case ["say", path]:
                samples = sound(Path(path))
                self._microphone.say(samples)
                return f"{len(samples) / CAPTURE_RATE_HZ:.3f}"
            case ["unplug" | "plug_in" as verb, "microphone" | "speaker" as name]:
                card = self._microphone if name == "microphone" else self._speaker
                act: Callable[[], None] = card.unplug if verb == "unplug" else card.plug_in
                act()
                return "0"
            case ["tasks"]:
                return str(tell_tasks())
        raise ScenarioError(f"no such order: {line!r}; use say, unplug or plug_in")

    def _make_microphone(self, block: OnBlock, lost: OnLost, found: OnFound) -> Microphone:
        self._microphone = HissingMicrophone(block, lost, found)
        return self._microphone

    def _make_speaker(self, playout: PlayoutBuffer, lost: OnLost, found: OnFound) -> Speaker:
        self._speaker = VirtualSpeaker(playout, on_lost=lost, on_found=found)
        return self._speaker


def tell_tasks() -> int:
    """What runs at the moment, into the log: whoever finds more than before wants to know."""
    names = Counter(str(getattr(task.get_coro(), "__qualname__", "?")) for task in all_tasks())
    for name, count in sorted(names.items()):
        log.info("runs: %s%s", name, f" x {count}" if count > 1 else "")
    return names.total()


@lru_cache(SOUNDS)
def sound(path: Path) -> Samples:
    return read_wav(path)


async def obey_orders(puppet: Puppet, orders: asyncio.StreamReader) -> None:
    """Until nobody gives any more."""
    while line := (await orders.readline()).decode().strip():
        sys.stdout.write(puppet.obey(line) + "\n")
        sys.stdout.flush()


async def perform(config: Config, reread: Callable[[], Config], puppet: Puppet) -> None:
    """The program, and who obeys beside it. It ends as `edgevoice run` does."""
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with asyncio.TaskGroup() as group:
        obeying = group.create_task(obey_orders(puppet, orders))
        await program.serve(config, reread, puppet.board)
        obeying.cancel()


def main(words: Iterable[str], puppet: Puppet) -> None:
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    paths = [Path(word) for word in words]
    harden()
    asyncio.run(
        perform(config_file.load(paths), lambda: config_file.load(paths), puppet),
    )


if __name__ == "__main__":
    main(sys.argv[1:], Puppet())
