"""Checking arguments against the small part of JSON Schema that our tools declare.

Every mistake is reported in one go, so that a model can correct itself at once.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgevoice.errors import ToolError


def checked(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, whole numbers as int; raises ToolError with everything that is wrong."""
    properties = schema["properties"]
    mistakes = [*_wrong_names(arguments, schema)]
    for name, value in arguments.items():
        if name in properties:
            mistakes += [f"{name} {wrong}" for wrong in _mistakes(value, properties[name])]
    if mistakes:
        raise ToolError("; ".join(mistakes))
    return {name: _plain(value, properties[name]) for name, value in arguments.items()}


def _wrong_names(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema["properties"]
    known = ", ".join(properties) or "none"
    for name in schema["required"]:
        if name not in arguments:
            yield f"{name} is missing"
    for name in arguments:
        if name not in properties:
            yield f"{name[:40]} is unknown (known: {known})"


def _mistakes(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    kind = schema["type"]
    if not KINDS[kind](value):
        yield f"must be of type {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"must be one of {', '.join(schema['enum'])}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"must be at least {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"must be at most {schema['maximum']}"
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield f"must have at most {schema['maxLength']} characters"


def _is_integer(value: Any) -> bool:
    """JSON knows one kind of number; 5.0 is whole."""
    return _is_number(value) and float(value).is_integer()


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):  # true is an int to Python, and to nobody else
        return False
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**53)


KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "integer": _is_integer,
}


def _plain(value: Any, schema: Mapping[str, Any]) -> Any:
    return int(value) if schema["type"] == "integer" else value
