"""What a topic is given and what it gives back."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.intents.normal_form import normalise

Reply = str | tuple[FunctionCall, ...]
Tools = Mapping[str, Mapping[str, Any]]
"""The tools the device has, as it described them, by name."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing the user said, and what it was said to."""

    text: str
    """In normal form; see normal_form.py."""
    now: datetime
    """Aware, in the time zone of the house."""
    tools: Tools = field(default_factory=dict)
    answered: str = ""
    """What the assistant said last."""

    @classmethod
    def of(
        cls,
        words: str,
        now: datetime,
        tools: Sequence[Mapping[str, Any]] = (),
        answered: str = "",
    ) -> "Said":
        named = {tool["name"]: tool for tool in tools if isinstance(tool.get("name"), str)}
        return cls(normalise(words), now, named, answered)

    def call(self, tool: str, /, otherwise: str, **arguments: Any) -> Reply:
        """Have the device do it; say so honestly where it cannot."""
        return (call(tool, **arguments),) if tool in self.tools else otherwise

    def choices(self, tool: str, parameter: str) -> list[str]:
        """What the device accepts there; empty when it accepts anything."""
        schema: Any = self.tools.get(tool, {}).get("parameters")
        for key in ("properties", parameter, "enum"):
            schema = schema.get(key) if isinstance(schema, Mapping) else None
        return [choice for choice in schema or () if isinstance(choice, str)]


def call(tool: str, /, **arguments: Any) -> FunctionCall:
    return FunctionCall(tool, json.dumps(arguments))


Topic = Callable[[Said], Reply | None]
