"""Tools that the relay runs itself: what a session knows of them. How they are run is elsewhere.

An engine is shown them as functions, like those of the client; it does not learn who runs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RelayTool:
    """One tool of one server, as it is listed now."""

    server: str
    """The server's label."""
    name: str
    """As its server calls it; other servers may have one of the same name."""
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    """JSON schema of the arguments."""
    annotations: dict[str, Any] = field(default_factory=dict)
    """What the server says of it; hints that nobody has checked."""

    @property
    def read_only(self) -> bool:
        return self.annotations.get("readOnlyHint") is True


@dataclass(frozen=True, slots=True)
class ToolResult:
    text: str
    """For the model; bounded."""
    failed: bool = False


class Toolbox(Protocol):
    """The tools of one caller. What is listed changes as servers come and go."""

    @property
    def servers(self) -> Sequence[str]:
        """Labels of the servers that this caller may use, whether they are there or not."""

    def address(self, server: str) -> str:
        """The URL of one of them; empty where there is none."""

    def tools(self) -> Sequence[RelayTool]:
        """Those that can be called now."""

    def needs_yes(self, tool: RelayTool, arguments: Arguments) -> bool:
        """The owner wants the user to be asked before this call."""

    async def call(self, tool: RelayTool, arguments: Arguments) -> ToolResult:
        """Never raises: trouble is a result that the model can talk about. Ends in bounded time."""


class NoTools:
    """The toolbox of a relay without any."""

    @property
    def servers(self) -> Sequence[str]:
        return ()

    def address(self, server: str) -> str:
        return ""

    def tools(self) -> Sequence[RelayTool]:
        return ()

    def needs_yes(self, tool: RelayTool, arguments: Arguments) -> bool:
        return True

    async def call(self, tool: RelayTool, arguments: Arguments) -> ToolResult:
        return ToolResult("there are no tools here", failed=True)


def is_deeper(value: Any, depth: int) -> bool:
    """It is nested deeper than so many levels; looks no further than that."""
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, dict | list) for inner in level)
