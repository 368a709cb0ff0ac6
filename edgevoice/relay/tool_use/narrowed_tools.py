"""The relay's tools for whoever holds a client secret: those it was made for, and no others.

A secret is in the hands of a page or the like. So what is not named in the session that it was
minted with is not there at all, whatever the holder asks for in the session.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from edgevoice.relay.tool_use.offered_tools import allows, by_label, wants_question
from edgevoice.relay.tool_use.toolbox import Arguments, NoTools, RelayTool, Toolbox, ToolResult


class NarrowedTools:
    """A Toolbox."""

    def __init__(self, box: Toolbox, bound: Iterable[dict[str, Any]]) -> None:
        """`bound`: `tools` of the session that the secret was made for."""
        self._box = box
        self._named = by_label(bound)

    @property
    def servers(self) -> Sequence[str]:
        return tuple(server for server in self._box.servers if server in self._named)

    def address(self, server: str) -> str:
        return self._box.address(server)

    def tools(self) -> Sequence[RelayTool]:
        return [tool for tool in self._box.tools() if self._has(tool)]

    def needs_yes(self, tool: RelayTool, arguments: Arguments) -> bool:
        asked = wants_question(self._named.get(tool.server), tool)
        return asked or self._box.needs_yes(tool, arguments)

    async def call(self, tool: RelayTool, arguments: Arguments) -> ToolResult:
        box = self._box if self._has(tool) else NoTools()
        return await box.call(tool, arguments)

    def _has(self, tool: RelayTool) -> bool:
        entry = self._named.get(tool.server)
        return entry is not None and allows(entry, tool)
