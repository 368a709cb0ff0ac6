"""Runs the tools an assistant calls, beside the conversation, and posts what they return."""

import asyncio
from collections.abc import Callable

from edgevoice.tools.toolbox import ToolBox
from edgevoice.transceiver.actions import RunTool
from edgevoice.transceiver.inputs import Input, ToolFinished


class ToolHost:
    def __init__(self, toolbox: ToolBox, post: Callable[[Input], None]) -> None:
        self._toolbox = toolbox
        self._post = post
        self._calls: asyncio.Queue[RunTool] = asyncio.Queue()
        """Bounded by the session: a response holds few calls and waits for them."""

    def ask(self, call: RunTool) -> None:
        self._calls.put_nowait(call)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as calls:
            while True:
                calls.create_task(self._run(await self._calls.get()))

    async def _run(self, call: RunTool) -> None:
        output = await self._toolbox.call(call.name, call.arguments)
        self._post(ToolFinished(call.call_id, output))
