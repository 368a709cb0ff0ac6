"""A conversation as a chat server wants it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Item, Message

BY_DEFAULT = "You are a helpful voice assistant."
SPOKEN = (
    "Your answers are spoken aloud: use one to three short sentences, "
    "no lists, no markup and no emoji."
)

ChatMessage = dict[str, Any]


def chat_messages(items: Sequence[Item], instructions: str, now: datetime) -> list[ChatMessage]:
    """The date goes last: servers reuse what they computed for an unchanged beginning."""
    system = f"{instructions or BY_DEFAULT} {SPOKEN}"
    messages = [{"role": "system", "content": system}, *_conversation(items)]
    today = f"It is {now:%A}, {now:%Y-%m-%d %H:%M}."
    for message in reversed(messages):
        if message["role"] == "user":
            message["content"] += f"\n({today})"
            break
    return messages


def _conversation(items: Sequence[Item]) -> Iterator[ChatMessage]:
    """Servers refuse a tool's result without its call and the other way round."""
    calls = {item.call_id for item in items if isinstance(item, FunctionCall)}
    answered = {item.call_id for item in items if isinstance(item, FunctionCallOutput)}
    for item in items:
        match item:
            case Message():
                text = " ".join(part.words for part in item.content if part.words)
                if text and item.role in ("user", "assistant", "system"):
                    yield {"role": item.role, "content": text}
            case FunctionCall() if item.call_id in answered:
                yield {"role": "assistant", "content": "", "tool_calls": [_call(item)]}
            case FunctionCallOutput() if item.call_id in calls:
                yield {"role": "tool", "tool_call_id": item.call_id, "content": item.output}


def _call(item: FunctionCall) -> ChatMessage:
    function = {"name": item.name, "arguments": item.arguments}
    return {"id": item.call_id, "type": "function", "function": function}
