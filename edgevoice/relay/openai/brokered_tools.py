"""Tools that the relay runs in a call whose sound passes it by.

Nobody can be asked there whether a tool may be used: those that need it are not offered.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from edgevoice.relay.tool_use.offered_tools import offer
from edgevoice.relay.tool_use.toolbox import Toolbox

Definition = dict[str, Any]


class BrokeredTools(Protocol):
    """Of one caller."""

    def definitions(self) -> Sequence[Definition]:
        """As in `session.tools`."""

    async def run_tool(self, name: str, arguments: str) -> str:
        """The output, for the model. Never raises, and ends in bounded time."""


class BoxedTools:
    """Those of a toolbox."""

    def __init__(self, box: Toolbox) -> None:
        self._box = box

    def definitions(self) -> Sequence[Definition]:
        found = offer((), self._box, named_only=False)
        return [
            function
            for function in found.functions
            if not self._box.needs_yes(found.ours[function["name"]], {})
        ]

    async def run_tool(self, name: str, arguments: str) -> str:
        tool = offer((), self._box, named_only=False).ours.get(name)
        if tool is None:
            return "this tool is not there any more"
        try:
            given = msgspec.json.decode(arguments or "{}", type=dict[str, Any])
        except (ValueError, RecursionError):
            return "the arguments are no JSON object"
        if self._box.needs_yes(tool, given):
            return "the owner wants to be asked before this, and cannot be asked here"
        return (await self._box.call(tool, given)).text


def with_ours(tools: Sequence[Definition], ours: Sequence[Definition]) -> list[Definition] | None:
    """The session's tools with the relay's; None: they are all there. The client's names win."""
    names = {tool.get("name") for tool in tools}
    missing = [tool for tool in ours if tool.get("name") not in names]
    return [*tools, *missing] if missing else None


def offered(tools: Sequence[Definition], ours: Sequence[Definition]) -> set[str]:
    """Names of ours among the session's tools; one that only has the same name is no such."""
    shown = {(tool.get("name"), tool.get("description")) for tool in tools}
    return {tool["name"] for tool in ours if (tool["name"], tool.get("description")) in shown}
