"""A toolbox for stories, and a session that has it. Its tools take (virtual) time."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.tool_use.toolbox import Arguments, RelayTool, ToolResult
from tests.relay.story import LoudnessVad, Story
from tests.virtual_time import elapse

TEMPERATURE = RelayTool("house", "temperature", "How warm it is.", {"type": "object"})
UNLOCK = RelayTool("house", "unlock", "Unlock a door.", {"type": "object"})
READ_ONLY = RelayTool("house", "look", annotations={"readOnlyHint": True})


class House:
    """A Toolbox: answers what was put in, after a while; `unlock` wants a yes."""

    def __init__(self, *tools: RelayTool) -> None:
        self.listed = list(tools or (TEMPERATURE, UNLOCK))
        self.results: list[ToolResult] = []
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.cancelled = 0
        self.takes_s = 0.3

    @property
    def servers(self) -> Sequence[str]:
        return ("house", "garden")

    def address(self, server: str) -> str:
        return f"http://{server}.example/mcp"

    def tools(self) -> Sequence[RelayTool]:
        return self.listed

    def needs_yes(self, tool: RelayTool, arguments: Arguments) -> bool:
        return tool.name == "unlock"

    async def call(self, tool: RelayTool, arguments: Arguments) -> ToolResult:
        self.called.append((tool.name, dict(arguments)))
        finished = False
        try:
            await elapse(self.takes_s)
            finished = True
        finally:
            self.cancelled += not finished
        return self.results.pop(0) if self.results else ToolResult(f"{tool.name} done")


class HouseStory(Story):
    house: House

    def brains(self) -> Sequence[MakeBrain]:
        self.house = House()
        return [partial(EngineBrain, self.engine, LoudnessVad(), box=self.house)]

    def outputs(self) -> list[tuple[str, str]]:
        """What the engine was told of calls last: name, output."""
        items = self.engine.requests[-1].items
        names = {item.call_id: item.name for item in items if item.type == "function_call"}  # type: ignore[attr-defined]
        return [
            (names[item.call_id], item.output)  # type: ignore[attr-defined]
            for item in items
            if item.type == "function_call_output"
        ]

    def errors(self) -> list[str]:
        return [event["error"]["message"] for event in self.all("error")]


def temperature(room: str = "kitchen") -> FunctionCall:
    return FunctionCall("temperature", f'{{"room": "{room}"}}')


def unlock(door: str = "front") -> FunctionCall:
    return FunctionCall("unlock", f'{{"door": "{door}"}}')
