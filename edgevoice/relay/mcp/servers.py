"""All servers of the owner's configuration, and which of their tools a caller may use."""

import asyncio
import importlib.util
from collections.abc import Callable, Sequence

from edgevoice.config import McpConfig, McpServerConfig
from edgevoice.errors import ConfigError
from edgevoice.relay.mcp.results import failure
from edgevoice.relay.mcp.server import McpServer
from edgevoice.relay.tool_use.toolbox import Arguments, RelayTool, Toolbox, ToolResult

DESTROYS_BY_DEFAULT = True
"""What the specification has a client take for true where a server says nothing."""


class McpServers:
    def __init__(
        self,
        config: McpConfig,
        make_server: Callable[[McpServerConfig], McpServer] = McpServer,
    ) -> None:
        self._servers = [make_server(server) for server in config.servers]

    def check(self) -> None:
        """Raises ConfigError when what the configuration asks for is not installed."""
        if self._servers and importlib.util.find_spec("mcp") is None:
            raise ConfigError(
                "relay.mcp.servers: the package mcp is missing; install edgevoice[mcp]"
            )

    async def run(self) -> None:
        """Keep the connections, until cancelled. Nobody has to wait for them."""
        async with asyncio.TaskGroup() as group:
            for server in self._servers:
                group.create_task(server.run())

    def for_caller(self, name: str) -> Toolbox:
        """`name`: of the token, or the id of the device."""
        return CallersTools([s for s in self._servers if name in (s.config.devices or (name,))])


class CallersTools:
    """A Toolbox."""

    def __init__(self, servers: Sequence[McpServer]) -> None:
        self._servers = {server.config.name: server for server in servers}

    @property
    def servers(self) -> Sequence[str]:
        return tuple(self._servers)

    def address(self, server: str) -> str:
        return self._servers[server].config.url

    def tools(self) -> Sequence[RelayTool]:
        return [tool for server in self._servers.values() for tool in server.tools]

    def needs_yes(self, tool: RelayTool, arguments: Arguments) -> bool:
        config = self._servers[tool.server].config
        if config.confirm == "always" or tool.name in config.confirm_tools:
            return True
        if _mentions(arguments, [word.lower() for word in config.confirm_words]):
            return True
        return config.confirm == "risky" and is_risky(tool)

    async def call(self, tool: RelayTool, arguments: Arguments) -> ToolResult:
        server = self._servers.get(tool.server)
        if server is None:
            return failure(f"there is no {tool.server} here")
        return await server.call(tool.name, arguments)


def is_risky(tool: RelayTool) -> bool:
    """By what its server says of it."""
    destroys = tool.annotations.get("destructiveHint", DESTROYS_BY_DEFAULT)
    return not tool.read_only and destroys is not False


def _mentions(value: object, words: Sequence[str]) -> bool:
    """Names and values alike, also within other words: better one question too many.

    Without recursion, for a model may nest as deep as it likes.
    """
    left = [value]
    while left:
        match left.pop():
            case str() as text if any(word in text.lower() for word in words):
                return True
            case dict() as pairs:
                left += [*pairs.keys(), *pairs.values()]
            case list() | tuple() as parts:
                left += parts
    return False
