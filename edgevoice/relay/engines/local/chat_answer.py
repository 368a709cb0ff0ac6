"""Puts one answer of a chat server together from its chunks. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.whole_letters import WholeLetters, whole

MAX_CALLS = 8
MAX_ARGUMENTS = 65_536


@dataclass
class ChatAnswer:
    """One answer while it arrives."""

    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    finished: bool = False
    letters: int = 0
    _text: WholeLetters = field(default_factory=WholeLetters)

    def take(self, chunk: dict[str, Any]) -> str:
        """The text of this chunk; tool calls are collected until the end."""
        _raise_error(chunk)
        choice = _first(chunk.get("choices"))
        delta = choice.get("delta") or choice.get("message") or {}
        self.finished = self.finished or bool(choice.get("finish_reason"))
        if not isinstance(delta, dict):
            return ""
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._add_to_call(call)
        content = delta.get("content")
        text = self._text.push(content) if isinstance(content, str) else ""
        self.letters += len(text)
        return text

    def function_calls(self) -> list[FunctionCall]:
        calls = [
            FunctionCall(whole(call["name"]), whole(call["arguments"]) or "{}")
            for call in self.calls.values()
        ]
        return [call for call in calls if call.name]

    def _add_to_call(self, fragment: dict[str, Any]) -> None:
        index = fragment.get("index")
        if not isinstance(index, int):
            index = len(self.calls) if fragment.get("id") else max(self.calls, default=0)
        if index not in self.calls and len(self.calls) >= MAX_CALLS:
            raise EngineError(f"the chat server wants more than {MAX_CALLS} tools at once")
        call = self.calls.setdefault(index, {"name": "", "arguments": ""})
        function = fragment.get("function")
        if isinstance(function, dict):
            for key in call:
                part = function.get(key)
                if isinstance(part, dict):  # some servers send arguments that are parsed already
                    part = json.dumps(part)
                call[key] += part if isinstance(part, str) else ""
        if max(map(len, call.values())) > MAX_ARGUMENTS:
            raise EngineError("the chat server's tool call is too long; it is not run")


def _first(choices: Any) -> dict[str, Any]:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return {}


def _raise_error(chunk: dict[str, Any]) -> None:
    error = chunk.get("error")
    if error:
        message = error.get("message") if isinstance(error, dict) else error
        raise EngineError(f"the chat server broke off: {whole(str(message)[:300])}")
