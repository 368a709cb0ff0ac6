"""What checks act on: the server, and the programs that run OpenAI's JavaScript against it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed, CheckSkipped


class Script(Protocol):
    """A program that makes the checks of one client, by name."""

    async def act(self, name: str) -> dict[str, Any]:
        """What it reports: nothing, or `expected` and `came`, or why it was `skipped`."""


Start = Callable[[Target, Path], AbstractAsyncContextManager[Script]]


class World:
    """`async with`: what was started for the checks ends with it."""

    def __init__(self, target: Target, modules: Path, starts: dict[str, Start]) -> None:
        self.target = target
        self._modules = modules
        self._starts = starts
        self._running: dict[str, Script | CheckSkipped | CheckFailed] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "World":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._stack.aclose()

    async def play(self, program: str, name: str) -> None:
        """Make a check of a program, which is started for the first one and serves all."""
        if program not in self._running:
            self._running[program] = await self._started(program)
        script = self._running[program]
        if isinstance(script, CheckSkipped | CheckFailed):
            raise script
        report = await script.act(name)
        if "skipped" in report:
            raise CheckSkipped(report["skipped"])
        if "expected" in report:
            raise CheckFailed(str(report["expected"]), str(report.get("came")))

    async def _started(self, program: str) -> Script | CheckSkipped | CheckFailed:
        try:
            start = self._starts[program](self.target, self._modules)
            return await self._stack.enter_async_context(start)
        except (CheckSkipped, CheckFailed) as absent:
            return absent
