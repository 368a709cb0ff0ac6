"""The configuration shown to people and editors: effective values, sample, JSON Schema.

The prose comes from the strings under the fields in `config*.py`, so that nothing
is said twice. Reading and checking are in `config_file.py`.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from math import inf
from typing import Any, Literal, get_args, get_origin

import yaml

from edgevoice import (
    config,
    config_controls,
    config_hardware,
    config_local,
    config_neighbours,
    config_relay,
    config_unasked,
)
from edgevoice.config import Config, HookConfig, McpServerConfig
from edgevoice.config_file import Effective
from edgevoice.config_rules import RANGES
from edgevoice.config_yaml import default, hints, is_section, optional

SAMPLE_HEAD = """\
# Everything an owner can set, with its default. Copy to /etc/edgevoice/config.yaml
# and keep the lines you change; files in /etc/edgevoice/config.d/*.yaml come after it.
# `edgevoice config check` finds mistakes, `edgevoice config show` says what applies.
"""

EXAMPLES: dict[Any, Any] = {
    HookConfig: HookConfig(
        on=("listening", "idle"), command=("/usr/local/bin/music", "--duck"), time_limit_s=5.0
    ),
    McpServerConfig: McpServerConfig(
        name="home",
        url="http://homeassistant.local:8123/api/mcp",
        token_file="/etc/edgevoice/home-assistant.token",
        confirm="never",
        confirm_words=("lock", "door", "garage"),
    ),
}
"""Entries of lists that say more than the defaults would."""


DECLARED_IN = (
    config,
    config_controls,
    config_hardware,
    config_local,
    config_neighbours,
    config_relay,
    config_unasked,
)


@cache
def prose() -> dict[str, str]:
    """`TurnConfig.idle_s` -> the string under that field."""
    texts = {}
    declarations = "".join(inspect.getsource(module) for module in DECLARED_IN)
    for declared in ast.parse(declarations).body:
        if not isinstance(declared, ast.ClassDef):
            continue
        for field, text in zip(declared.body, declared.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                assert isinstance(field.target, ast.Name), ast.dump(field)
                texts[f"{declared.name}.{field.target.id}"] = ast.literal_eval(text.value)
    return texts


def show(effective: Effective) -> str:
    """What applies, as YAML; a comment names where each setting was written."""
    lines = _shown(effective, Config, effective.config, "", "")
    return "\n".join(lines) + "\n"


def _shown(effective: Effective, cls: Any, part: Any, path: str, indent: str) -> Iterator[str]:
    for name, wanted in hints(cls).items():
        value, here = getattr(part, name), path + name
        if is_section(wanted):
            yield f"{indent}{name}:"
            yield from _shown(effective, wanted, value, f"{here}.", indent + "  ")
        else:
            first, *more = _setting(name, value, indent)
            origin = effective.places.get(here)
            yield f"{first}  # {origin}" if origin else first
            yield from more


def sample() -> str:
    """A complete configuration file: every default, each under its prose."""
    return SAMPLE_HEAD + "\n".join(_sampled(Config, "")) + "\n"


def _sampled(cls: Any, indent: str) -> Iterator[str]:
    for name, wanted in hints(cls).items():
        if not indent:
            yield ""
        yield f"{indent}# {prose()[f'{cls.__name__}.{name}']}{_choices(wanted)}"
        if is_section(wanted):
            yield f"{indent}{name}:"
            yield from _sampled(wanted, indent + "  ")
        else:
            yield from _setting(name, default(cls, name), indent)
            yield from _example(cls, name, wanted, indent)


def _choices(wanted: Any) -> str:
    return f" [{', '.join(map(str, get_args(wanted)))}]" if get_origin(wanted) is Literal else ""


def _example(cls: Any, name: str, wanted: Any, indent: str) -> Iterator[str]:
    """An entry of a list of sections; commented out where the list is empty by default."""
    if get_origin(wanted) is not tuple or not is_section(entry := get_args(wanted)[0]):
        return
    if not default(cls, name):
        yield f"{indent}# For example:"
        example = EXAMPLES.get(entry) or entry()
        yield from (f"{indent}# {line}" for line in _setting(name, (example,), ""))
    for key in hints(entry):
        yield f"{indent}#   {key}: {prose()[f'{entry.__name__}.{key}']}"


def _setting(name: str, value: Any, indent: str) -> list[str]:
    if not (isinstance(value, tuple) and value and is_section(value[0])):
        return [f"{indent}{name}: {_written(value)}"]
    lines = [f"{indent}{name}:"]
    kind: Any = type(value[0])
    for entry in value:
        keys = [f"{key}: {_written(getattr(entry, key))}" for key in hints(kind)]
        lines.append(f"{indent}  - {keys[0]}")
        lines += [f"{indent}    {key}" for key in keys[1:]]
    return lines


def _written(value: object) -> str:
    """One value as YAML on one line, quoted where another reader would misread it."""
    if isinstance(value, str):
        plain = yaml.safe_dump(value, width=inf, allow_unicode=True)
        plain = plain.removesuffix("\n").removesuffix("\n...")
        return plain if len(plain.splitlines()) == 1 else _quoted(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_written(item) for item in value)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _quoted(value: str) -> str:
    return str(yaml.safe_dump(value, default_style='"', width=inf)).rstrip("\n")


def schema() -> dict[str, Any]:
    """JSON Schema, for editors that check YAML while it is written."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "edgevoice configuration",
        **_object(Config),
    }


def _object(cls: Any) -> dict[str, Any]:
    properties = {}
    for name, wanted in hints(cls).items():
        label = f"{cls.__name__}.{name}"
        properties[name] = {"description": prose()[label], **_type(wanted, label)}
        if not is_section(wanted):
            properties[name]["default"] = _plain(default(cls, name))
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _type(wanted: Any, label: str) -> dict[str, Any]:
    if is_section(wanted):
        return _object(wanted)
    if get_origin(wanted) is tuple:
        return {"type": "array", "items": _type(get_args(wanted)[0], label)}
    if get_origin(wanted) is Literal:
        return {"enum": list(get_args(wanted))}
    if inner := optional(wanted):
        return {"anyOf": [_type(inner, label), {"type": "null"}]}
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return {"type": names[wanted], **_bounds(label if wanted in (int, float) else "")}


def _bounds(label: str) -> dict[str, float]:
    if label not in RANGES:
        return {}
    allowed = RANGES[label]
    bounds = {"minimum": allowed.low}
    return bounds if allowed.high == inf else bounds | {"maximum": allowed.high}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_section(value):
        kind: Any = type(value)
        return {name: _plain(getattr(value, name)) for name in hints(kind)}
    return value
