"""The events that close an answer of which nothing more comes, in the documented order. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec

from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import ContentPart, FunctionCall, Item, McpCall, Message
from edgevoice.realtime.response import StatusDetails
from edgevoice.relay.openai.answer import Answer, Output, Part


def closing(answer: Answer, details: StatusDetails) -> Iterator[says.ServerEvent]:
    closed: list[Item] = []
    for output in answer.outputs.values():
        if output.is_open:
            yield from _parts(answer.id, output)
            yield from _item(answer, output)
        closed.append(_incomplete(output) if output.is_open else output.item)
    response = msgspec.structs.replace(
        answer.response.response,
        status=details.type or "failed",
        status_details=details,
        output=tuple(closed),
    )
    yield says.ResponseDone(response=response)


def _parts(response_id: str, output: Output) -> Iterator[says.ServerEvent]:
    for index, part in output.parts.items():
        if not part.is_open:
            continue
        place: dict[str, Any] = {
            "response_id": response_id,
            "item_id": output.item.id,
            "output_index": output.output_index,
            "content_index": index,
        }
        if part.is_audio:
            heard = part.spoken.heard
            yield says.ResponseOutputAudioDone(**place)
            yield says.ResponseOutputAudioTranscriptDone(**place, transcript=heard)
            shown = ContentPart("audio", transcript=heard)
        else:
            yield says.ResponseOutputTextDone(**place, text=part.written)
            shown = ContentPart("text", part.written)
        yield says.ResponseContentPartDone(**place, part=shown)


def _item(answer: Answer, output: Output) -> Iterator[says.ServerEvent]:
    item = _incomplete(output)
    if answer.in_conversation:
        yield says.ConversationItemDone(item=item)
    yield says.ResponseOutputItemDone(
        response_id=answer.id, output_index=output.output_index, item=item
    )


def _incomplete(output: Output) -> Item:
    item = output.item
    if isinstance(item, Message):
        content = tuple(_content(part) for part in output.parts.values())
        return msgspec.structs.replace(item, status="incomplete", content=content)
    if isinstance(item, FunctionCall | McpCall):
        return msgspec.structs.replace(item, status="incomplete")
    return item


def _content(part: Part) -> ContentPart:
    if part.is_audio:
        return ContentPart("output_audio", transcript=part.spoken.heard)
    return ContentPart("output_text", part.written)
