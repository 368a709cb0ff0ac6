"""A house with tools, on a known Sunday afternoon, that can be spoken to."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.intents.reply import Reply, Said
from edgevoice.relay.engines.local.intents.topics import answer

NOW = datetime(2026, 11, 22, 16, 5, tzinfo=timezone(timedelta(hours=1)))
LAMPS = ["lamp", "kitchen light", "fan"]


def tool(name: str, /, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"type": "function", "name": name, "description": "", "parameters": schema}


TOOLS = [
    tool("set_volume"),
    tool("change_volume"),
    tool("switch_light", name={"type": "string", "enum": LAMPS}, on={"type": "boolean"}),
    tool("set_timer"),
    tool("cancel_timer"),
    tool("list_timers"),
    tool("end_conversation"),
]
CLOCK = [
    *TOOLS[:3],
    tool("set_timer"),
    tool("cancel_timer", label={"type": "string"}, all={"type": "boolean"}),
    tool("list_timers", label={"type": "string"}),
    *(tool(name) for name in ("add_to_timer", "pause_timer", "resume_timer", "set_alarm")),
    *(tool(name) for name in ("cancel_alarm", "snooze", "do_not_disturb", "end_conversation")),
]
"""What an edgevoice board of today has."""


def hears(words: str, tools: list[dict[str, Any]] = TOOLS, answered: str = "") -> Any:
    """The spoken reply, or the calls as (name, arguments)."""
    return plain(answer(Said.of(words, NOW, tools, answered)))


def plain(reply: Reply | None) -> Any:
    if reply is None or isinstance(reply, str):
        return reply
    calls = [(call.name, json.loads(call.arguments)) for call in reply]
    assert all(isinstance(call, FunctionCall) for call in reply)
    return calls[0] if len(calls) == 1 else calls
