"""The tools an engine is offered for one answer: the client's, and the relay's for this caller.

Where two have the same name the client's keeps it, and the relay's is called after its server.
`mcp` entries of a client name a server of the owner's configuration, and can narrow what it
offers; they never add a server, and never take a question away. Pure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgevoice.errors import RemoteProtocolError
from edgevoice.relay.tool_use.toolbox import RelayTool, Toolbox

MAX_NAME = 64
"""OpenAI's limit for the name of a function."""


@dataclass(frozen=True, slots=True)
class Offered:
    functions: tuple[dict[str, Any], ...] = ()
    """As in `session.tools`: the client's, then the relay's."""
    ours: Mapping[str, RelayTool] = field(default_factory=dict)
    """Those that the relay runs, by the name the engine knows."""
    asked: frozenset[str] = frozenset()
    """Of ours, those before which the client wants to be asked."""

    def name_of(self, server: str, name: str) -> str:
        """As the engine knows it, or did when it was there."""
        found = (n for n, t in self.ours.items() if (t.server, t.name) == (server, name))
        return next(found, _function_name(name))


def offer(tools: Sequence[dict[str, Any]], box: Toolbox, *, named_only: bool) -> Offered:
    """`named_only`: no server but those that `tools` names."""
    functions = tuple(tool for tool in tools if tool.get("type") != "mcp")
    named = by_label(tools)
    ours = [
        tool
        for tool in box.tools()
        if (tool.server in named or not named_only) and allows(named.get(tool.server), tool)
    ]
    by_name = _named(ours, {str(tool.get("name")) for tool in functions})
    shown = tuple(_function(name, tool) for name, tool in by_name.items())
    asked = (name for name, tool in by_name.items() if wants_question(named.get(tool.server), tool))
    return Offered(functions + shown, by_name, frozenset(asked))


def by_label(tools: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The `mcp` entries among them."""
    return {str(tool.get("server_label")): tool for tool in tools if tool.get("type") == "mcp"}


def choice_for(choice: Any, offered: Offered) -> Any:
    """`tool_choice`, where it names a tool of a server, as one that names a function."""
    if isinstance(choice, dict) and choice.get("type") == "mcp":
        label, name = str(choice.get("server_label")), choice.get("name")
        if isinstance(name, str):
            return {"type": "function", "name": offered.name_of(label, name)}
        return "required"
    return choice


def check(tools: Iterable[dict[str, Any]], box: Toolbox) -> None:
    """RemoteProtocolError when a client asks the relay to go to a server its owner did not name."""
    for tool in tools:
        if tool.get("type") != "mcp":
            continue
        label = str(tool.get("server_label"))
        if label not in box.servers:
            raise RemoteProtocolError(
                f"tools: there is no MCP server {label[:40]!r} for you here; the relay goes only to"
                " those that its owner has named (relay.mcp.servers)"
            )
        for key in ("server_url", "connector_id", "tunnel_id"):
            if tool.get(key) not in (None, "", box.address(label)):
                raise RemoteProtocolError(
                    f"tools: leave out {key} of {label[:40]!r}; the relay's owner says where it is"
                )


def _named(tools: Sequence[RelayTool], taken: set[str]) -> dict[str, RelayTool]:
    counts = Counter(_function_name(tool.name) for tool in tools)
    by_name: dict[str, RelayTool] = {}
    for tool in tools:
        name = short = _function_name(tool.name)
        if counts[short] > 1 or short in taken:
            name = f"{tool.server}__{short}"[:MAX_NAME]
        if name not in taken:
            by_name.setdefault(name, tool)
    return by_name


def _function_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:MAX_NAME]


def _function(name: str, tool: RelayTool) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "description": tool.description,
        "parameters": tool.parameters,
    }


def allows(entry: dict[str, Any] | None, tool: RelayTool) -> bool:
    """`allowed_tools`: names, or a filter."""
    allowed = None if entry is None else entry.get("allowed_tools")
    return allowed is None or _matches(allowed, tool)


def wants_question(entry: dict[str, Any] | None, tool: RelayTool) -> bool:
    """`require_approval`: as OpenAI has it; what is not said is not wanted."""
    wanted = None if entry is None else entry.get("require_approval")
    if isinstance(wanted, dict):
        return isinstance(wanted.get("always"), dict) and _matches(wanted["always"], tool)
    return wanted == "always"


def _matches(wanted: Any, tool: RelayTool) -> bool:
    if isinstance(wanted, list):
        return tool.name in wanted
    if not isinstance(wanted, dict):
        return False
    names, read_only = wanted.get("tool_names"), wanted.get("read_only")
    return (not isinstance(names, list) or tool.name in names) and (
        not isinstance(read_only, bool) or read_only == tool.read_only
    )
