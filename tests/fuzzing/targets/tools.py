"""Arguments of tools: what a model on somebody's server may want of the board."""

from typing import Any

from edgevoice.errors import ToolError
from edgevoice.tools.schema import checked
from edgevoice.tools.toolbox import parse

SCHEMA: dict[str, Any] = {
    "properties": {
        "label": {"type": "string", "maxLength": 40},
        "seconds": {"type": "number", "minimum": 1, "maximum": 86_400},
        "percent": {"type": "integer", "minimum": 0, "maximum": 100},
        "on": {"type": "boolean"},
        "kind": {"type": "string", "enum": ["one", "all"]},
    },
    "required": ["label"],
}


def contract(data: bytes) -> None:
    """ToolError, in words that can be sent, or arguments as they were declared."""
    try:
        arguments = checked(parse(data.decode("utf-8", "replace")), SCHEMA)
    except ToolError as error:
        assert str(error)
        return
    assert len(arguments["label"]) <= 40
    assert 1 <= arguments.get("seconds", 1) <= 86_400
    percent = arguments.get("percent", 0)
    assert type(percent) is int and 0 <= percent <= 100
    assert arguments.get("on", True) in (True, False)
