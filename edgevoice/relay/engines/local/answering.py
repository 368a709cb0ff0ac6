"""Decides who answers: a rule, a tool's result put into words, or the chat server."""

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Protocol

from edgevoice.errors import EngineError
from edgevoice.realtime.items import FunctionCall as CallItem
from edgevoice.realtime.items import FunctionCallOutput, Item, Message
from edgevoice.relay.engines.engine import FunctionCall, Request
from edgevoice.relay.engines.local.chat_messages import chat_messages
from edgevoice.relay.engines.local.intents.reply import Reply, Said
from edgevoice.relay.engines.local.intents.smalltalk import farewell
from edgevoice.relay.engines.local.intents.timers import all_of_them
from edgevoice.relay.engines.local.intents.tool_results import is_known, phrase, running_timers
from edgevoice.relay.engines.local.intents.topics import answer, is_refusal

log = logging.getLogger(__name__)

NOT_UNDERSTOOD = "I didn't catch that."
NO_CHAT = "I can't answer that without a chat server. Say help to hear what I can do."
STILL_THERE = "Are you still there?"
SILENCE = "The user has said nothing for a while. Ask in a few words whether they want to go on."
CHAT_FAILED = "I can't reach my chat server right now."

Piece = str | FunctionCall


class ChatServer(Protocol):
    """See chat.py."""

    def answer(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], tool_choice: Any
    ) -> AsyncGenerator[Piece]: ...


class Answering:
    def __init__(self, chat: ChatServer | None, clock: Callable[[], datetime]) -> None:
        self._chat = chat
        self._clock = clock

    async def pieces(self, request: Request) -> AsyncGenerator[Piece]:
        """The answer as pieces of text of any length, and tool calls."""
        said = self._said(request)
        results = _results(request.items)
        ruled = not any(call.name in request.foreign for call, _ in results)
        reply = self._by_rule(said, results, request.silence) if ruled else None
        if self._chat is not None and request.foreign and is_refusal(reply):
            reply = None
        if reply is None:
            async with aclosing(self._ask_chat(request)) as pieces:
                async for piece in pieces:
                    yield piece
        elif isinstance(reply, str):
            yield reply
        else:
            for call in reply:
                yield call

    def _by_rule(
        self, said: Said, results: list[tuple[CallItem, str]], silence: bool
    ) -> Reply | None:
        """None: the chat server's turn."""
        if silence:
            return STILL_THERE if self._chat is None else None
        if results:
            if self._chat is not None and not all(is_known(call.name) for call, _ in results):
                return None
            return _after_tools(said, results)
        if not said.text:
            return NOT_UNDERSTOOD
        reply = answer(said)
        if reply is None and self._chat is None:
            return NO_CHAT
        return reply

    async def _ask_chat(self, request: Request) -> AsyncGenerator[Piece]:
        """A failure before the first word is said aloud; a later one ends the response."""
        assert self._chat is not None
        begun = False
        tools = [] if request.tool_choice == "none" else request.tools
        told = f"{request.instructions}\n{SILENCE}" if request.silence else request.instructions
        messages = chat_messages(request.items, told, self._clock())
        answered = self._chat.answer(messages, tools, request.tool_choice)
        try:
            async with aclosing(answered) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
        except EngineError as error:
            if begun:
                raise
            log.warning("%s", error)
            yield CHAT_FAILED

    def _said(self, request: Request) -> Said:
        tools = [tool for tool in request.tools if tool.get("name") not in request.foreign]
        if request.tool_choice == "none":
            tools = []
        words, answered = _last_exchange(request.items)
        log.debug("heard %r", words)
        return Said.of(words, self._clock(), tools, answered)


def _after_tools(said: Said, results: list[tuple[CallItem, str]]) -> Reply:
    """What the tools did, in words; or the next tool, where one leads to another."""
    call, output = results[-1]
    if call.name == "list_timers" and (more := all_of_them(said, running_timers(output))):
        return more
    if call.name == "end_conversation":
        return farewell(said)
    return " ".join(phrase(call.name, call.arguments, output) for call, output in results)


def _last_exchange(items: Sequence[Item]) -> tuple[str, str]:
    """What the user said last, and what the assistant had said before."""
    words = answered = ""
    for item in items:
        if isinstance(item, Message):
            text = " ".join(part.words for part in item.content if part.words)
            if item.role == "user":
                words = text
            elif item.role == "assistant":
                answered = text
    return words, answered


def _results(items: Sequence[Item]) -> list[tuple[CallItem, str]]:
    """The tool results the conversation ends with, each with the call it belongs to."""
    calls = {item.call_id: item for item in items if isinstance(item, CallItem)}
    found: list[tuple[CallItem, str]] = []
    for item in reversed(items):
        if not isinstance(item, FunctionCallOutput):
            break
        call = calls.get(item.call_id) or CallItem("", "{}", item.call_id)
        found.append((call, item.output))
    return found[::-1]
