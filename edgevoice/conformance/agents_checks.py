"""`openai-agents`, the agents SDK for Python: a session of its RealtimeRunner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import websockets
from agents import function_tool, set_tracing_disabled
from agents.realtime import RealtimeAgent, RealtimeRunner, RealtimeSession

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.conformance.answer_checks import CALL_WEATHER, LONG, NO_CALL, SHORT
from edgevoice.conformance.expect import expect
from edgevoice.conformance.sound_checks import blocks, speech
from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed, CheckSkipped

WITHIN_S = 15.0
SILENCE_S = 5
"""semantic_vad waits for 4 s at most, unless it is told otherwise."""


async def turn(target: Target) -> None:
    async with _session(target) as session:
        await session.send_message(SHORT)
        came = await _until(session, lambda event: event.type == "audio_end")
        kinds = [event.type for event in came]
        expect("audio" in kinds, "audio", kinds)
        await _until(session, lambda event: _has(event, "assistant", "completed"))


async def interrupt(target: Target) -> None:
    async with _session(target) as session:
        await session.send_message(LONG)
        await _until(session, lambda event: event.type == "audio")
        await session.interrupt()
        await _until(session, lambda event: _has(event, "assistant", "incomplete"))
        await session.send_message(SHORT)
        await _until(session, lambda event: _has(event, "assistant", "completed"))


async def tool(target: Target) -> None:
    asked: list[str] = []

    @function_tool(strict_mode=False)
    def get_weather(city: str) -> str:
        """The weather in a city."""
        asked.append(city)
        return "sunny"

    async with _session(target, [get_weather]) as session:
        await session.send_message(CALL_WEATHER)
        ended = (await _until(session, lambda event: event.type in ("tool_end", "audio_end")))[-1]
        if ended.type == "audio_end":
            raise CheckSkipped(NO_CALL)
        expect(asked == ["Paris"] and ended.output == "sunny", "a call of the tool", asked)
        await _until(session, lambda event: "sunny" in _words(event, "assistant").lower())


async def voice(target: Target) -> None:
    """By the SDK's own settings: semantic_vad, and a transcript of what was said."""
    silence = np.zeros(SILENCE_S * CAPTURE_RATE_HZ, np.int16)
    async with _session(target) as session:
        for block in blocks(np.concatenate([speech(), silence])):
            await session.send_audio(block)
        await _until(session, lambda event: bool(_words(event, "user")))
        await _until(session, lambda event: _has(event, "assistant", "completed"))


@asynccontextmanager
async def _session(target: Target, tools: Sequence[Any] = ()) -> AsyncIterator[RealtimeSession]:
    if target.insecure:
        raise CheckSkipped("openai-agents always verifies certificates: give it --ca-file")
    set_tracing_disabled(True)
    agent: RealtimeAgent[Any] = RealtimeAgent(
        name="check", instructions="Be brief.", tools=list(tools)
    )
    url = f"{target.socket_url}?model={target.model}"
    try:
        async with await RealtimeRunner(agent).run(
            model_config={"api_key": target.key, "url": url}
        ) as session:
            yield session
    except websockets.WebSocketException as error:
        came = f"{type(error).__name__}: {error}"[:300]
        raise CheckFailed("no exception in the client", came) from error


async def _until(session: RealtimeSession, is_it: Callable[[Any], bool]) -> list[Any]:
    """All events up to the first that is it; an error ends the wait."""
    came: list[Any] = []
    try:
        async with asyncio.timeout(WITHIN_S):
            async for event in session:
                came.append(event)
                if event.type == "error":
                    raise CheckFailed("no error in the session", str(event.error))
                if is_it(event):
                    return came
    except TimeoutError:
        pass
    kinds = ", ".join(dict.fromkeys(event.type for event in came))
    raise CheckFailed(f"more than that within {WITHIN_S:g} s", kinds or "no event")


def _messages(event: Any, role: str) -> list[Any]:
    history = event.history if event.type == "history_updated" else []
    if event.type == "history_added":
        history = [event.item]
    return [item for item in history if item.type == "message" and item.role == role]


def _has(event: Any, role: str, status: str) -> bool:
    return any(item.status == status for item in _messages(event, role))


def _words(event: Any, role: str) -> str:
    parts = [part for item in _messages(event, role) for part in item.content]
    return " ".join(
        str(getattr(part, "transcript", None) or getattr(part, "text", None) or "")
        for part in parts
    )
