"""One connection to one server, in our words.

With `stdio.py` and `http.py` the importer of `mcp`.
"""

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import httpx2
from mcp import Client, MCPError
from mcp_types import (
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    ListToolsRequest,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolListChangedNotification,
)

from edgevoice import __version__
from edgevoice.config import McpServerConfig
from edgevoice.errors import CredentialError, McpError, leaves
from edgevoice.relay.mcp.http import reach_server
from edgevoice.relay.mcp.listing import MAX_TOOLS, Listed
from edgevoice.relay.mcp.pulse import Pulse, Streams
from edgevoice.relay.mcp.results import result_of
from edgevoice.relay.mcp.stdio import run_server
from edgevoice.relay.tool_use.toolbox import Arguments, ToolResult

# Its tracebacks quote what servers say.
logging.getLogger("mcp").setLevel(logging.CRITICAL)

MAX_PAGES = 8
TROUBLE = (
    MCPError,
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpx2.StreamError,
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,  # McpError too
    RuntimeError,  # RecursionError too
    TypeError,
    ValueError,  # pydantic's errors too
)
"""What the package raises when a server does not keep to the rules."""


class Connection:
    """Raises McpError where the server cannot do what is asked."""

    def __init__(self, client: Client, pulse: Pulse) -> None:
        self._client = client
        self.pulse = pulse

    async def list(self) -> list[Listed]:
        """Pages are asked for one by one, and not for ever."""
        listed: list[Listed] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            request = ListToolsRequest(params=PaginatedRequestParams(cursor=cursor))
            with self._told():
                page = await self._client.session.send_request(request, ListToolsResult)
            for tool in page.tools:
                hints = tool.annotations.model_dump(by_alias=True) if tool.annotations else {}
                given = {name: hint for name, hint in hints.items() if hint is not None}
                listed.append(Listed(tool.name, tool.description, tool.input_schema, given))
            cursor = page.next_cursor
            if not cursor or len(listed) > 4 * MAX_TOOLS:
                break
        return listed

    async def call(self, name: str, arguments: Arguments) -> ToolResult:
        """The package's own `call_tool` would validate the result with the server's schema."""
        params = CallToolRequestParams(name=name, arguments=dict(arguments))
        with self._told():
            result = await self._client.session.send_request(
                CallToolRequest(params=params), CallToolResult
            )
            texts = [part.text for part in result.content if isinstance(part, TextContent)]
            structured = result.structured_content
            written = "" if structured is None else json.dumps(structured)
        return result_of(texts, len(result.content) - len(texts), written, result.is_error)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except TROUBLE as error:
            raise McpError(self.pulse.lost or _first_line(error)) from None


@contextlib.asynccontextmanager
async def connect(
    config: McpServerConfig, pulse: Pulse, *, by_handshake: bool
) -> AsyncIterator[Connection]:
    """`by_handshake`: as all servers before 2026-07-28 want it; else the server is asked first."""

    async def heard(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            pulse.changed()

    try:
        async with Client(
            _transport(config, pulse),
            mode="legacy" if by_handshake else "auto",
            read_timeout_seconds=config.time_limit_s,
            message_handler=heard,
            client_info=Implementation(name="edgevoice", version=__version__),
            cache=None,
        ) as client:
            yield Connection(client, pulse)
    except* TROUBLE as group:
        raise McpError(pulse.lost or _first_line(next(leaves(group)))) from None


def _transport(
    config: McpServerConfig, pulse: Pulse
) -> contextlib.AbstractAsyncContextManager[Streams]:
    if config.command:
        return run_server(config.command, config.environment, pulse)
    headers = dict(_header(line) for line in config.headers)
    if config.token_file:
        headers["Authorization"] = f"Bearer {_token(config.token_file)}"
    return reach_server(config.url, headers, config.ca_file, config.transport == "sse", pulse)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _token(path: str) -> str:
    """Read for every connection: tokens are changed."""
    try:
        token = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(
            f"token_file {path} cannot be read ({error}): write the token there anew"
        ) from None
    if not token or not token.isascii() or not token.isprintable():
        raise CredentialError(f"token_file {path} holds no token: write it there")
    return token


def _first_line(error: BaseException) -> str:
    line = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in line)  # it is logged
