"""Requests to engines, and what came back, in short."""

from collections.abc import Collection, Sequence
from typing import Any

from edgevoice.realtime.items import Item, user_text
from edgevoice.relay.engines.engine import Engine, FunctionCall, Part, Request, Text, Utterance


def request(
    *said: str | Item,
    tools: Sequence[dict[str, Any]] = (),
    tool_choice: Any = "auto",
    speak: bool = True,
    utterance: Utterance | None = None,
    silence: bool = False,
    foreign: Collection[str] = (),
) -> Request:
    items = [user_text(item) if isinstance(item, str) else item for item in said]
    return Request(items, "", tools, tool_choice, speak, utterance, silence, foreign)


async def parts_of(engine: Engine, asked: Request) -> list[Part]:
    return [part async for part in engine.respond(asked)]


def text_of(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text)).strip()


def calls_in(parts: Sequence[Part]) -> list[FunctionCall]:
    return [part for part in parts if isinstance(part, FunctionCall)]
