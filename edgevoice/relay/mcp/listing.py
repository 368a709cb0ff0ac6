"""What a server says of its tools, cut down to what an engine is told. Pure."""

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from edgevoice.relay.tool_use.toolbox import RelayTool, is_deeper

log = logging.getLogger(__name__)

MAX_TOOLS = 64
"""Of one server. Models get worse at choosing long before."""
MAX_LETTERS = 1_024
"""Of a description; OpenAI allows as much."""
MAX_NAME = 128
MAX_SCHEMA_BYTES = 8_192
MAX_SCHEMA_DEPTH = 20
MAX_LIST_BYTES = 65_536
"""Of all schemas and descriptions of a server: each request to a model carries them."""

HINTS = ("title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a server's list, as it was sent."""

    name: str
    description: str | None = None
    schema: Any = None
    annotations: dict[str, Any] = field(default_factory=dict)


def usable(server: str, listed: Iterable[Listed], allowed: Collection[str]) -> list[RelayTool]:
    """Those the owner allows and an engine can be told of; the first ones if there are many."""
    tools: dict[str, RelayTool] = {}
    left_out, size = [], 0
    for entry in listed:
        if allowed and entry.name not in allowed:
            continue
        tool = _tool(server, entry)
        size += 0 if tool is None else _size(tool)
        if tool is None or len(tools) == MAX_TOOLS or size > MAX_LIST_BYTES:
            left_out.append(entry.name[:MAX_NAME])
        else:
            tools.setdefault(tool.name, tool)
    if left_out:
        log.warning(
            "%d tools of %s are left out, too many, too large or with a schema that is none: %s",
            *(len(left_out), server, ", ".join(map(ascii, left_out[:5]))),
        )
    return list(tools.values())


def _tool(server: str, entry: Listed) -> RelayTool | None:
    schema = {"type": "object", "properties": {}} if entry.schema is None else entry.schema
    named = entry.name.isprintable() and 0 < len(entry.name) <= MAX_NAME  # names are logged
    if not named or not _is_schema(schema):
        return None
    description = " ".join((entry.description or "").split())[:MAX_LETTERS]
    hints = {name: entry.annotations[name] for name in HINTS if name in entry.annotations}
    return RelayTool(server, entry.name, description, {"type": "object", **schema}, hints)


def _is_schema(schema: Any) -> bool:
    """Of an object, in outline; what is inside is the model's to read."""
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return False
    if not isinstance(schema.get("properties", {}), dict):
        return False
    return not is_deeper(schema, MAX_SCHEMA_DEPTH) and _json_bytes(schema) <= MAX_SCHEMA_BYTES


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value).encode())


def _size(tool: RelayTool) -> int:
    return len(tool.description) + _json_bytes(tool.parameters)
