"""What a tool is. Each kind of tool has a file of its own; `toolbox.py` runs them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Arguments: TypeAlias = dict[str, Any]
Result: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    """What the model is told; one or two sentences."""
    parameters: Mapping[str, Any]
    """JSON schema of an object, in the words that `schema.py` knows."""
    run: Callable[[Arguments], Awaitable[Result]]
    """Given checked arguments. Raises an EdgeVoiceError whose message the model may read."""


def parameters(required: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": {name: dict(schema) for name, schema in properties.items()},
        "required": list(required),
        "additionalProperties": False,
    }
