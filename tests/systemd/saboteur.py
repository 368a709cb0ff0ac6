"""Runs edgevoice so that it can be made to hang: stands in for a bug, a dead card, a slow disk.

Runs with the installed Python of the guest; imports nothing of the checkout.

SIGUSR1: the event loop never turns again. SIGUSR2: the microphone stops without a word.
SIGWINCH: it needs a gigabyte of memory.
While the file SLOW is there, models take four seconds to load.
"""

import asyncio
import os
import signal
import sys
import time
from typing import Any

from edgevoice.audio.wake_word import WakeWords
from edgevoice.cli import main
from edgevoice.daemon.program import Program

SLOW = "/etc/edgevoice/slow"
run, load = Program.run, WakeWords.__init__


async def sabotaged(program: Program) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, time.sleep, 600)
    loop.add_signal_handler(
        signal.SIGUSR2, lambda: program.device._capture.microphone._pacer.stop()
    )
    loop.add_signal_handler(signal.SIGWINCH, lambda: b"\x01" * (1 << 30))
    await run(program)


def slowly(words: WakeWords, *arguments: Any) -> None:
    if os.path.exists(SLOW):
        time.sleep(4)
    load(words, *arguments)


if __name__ == "__main__":
    Program.run = sabotaged  # type: ignore[method-assign]
    WakeWords.__init__ = slowly  # type: ignore[method-assign,assignment]
    sys.exit(main(["run"]))
