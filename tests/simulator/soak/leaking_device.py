"""The device of a soak, with a bug: each order to its sound card costs descriptors and tasks."""

import asyncio
import os
import sys

from edgevoice.simulator.soak.device import Puppet, main

LEAK = 10
"""In a run of two conversations, much more than comes and goes by itself."""


class LeakingPuppet(Puppet):
    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[asyncio.Task[bool]] = []

    def obey(self, line: str) -> str:
        for _ in range(LEAK):
            os.open("/dev/null", os.O_RDONLY)
            self.tasks.append(asyncio.ensure_future(asyncio.Event().wait()))
        return super().obey(line)


if __name__ == "__main__":
    main(sys.argv[1:], LeakingPuppet())
