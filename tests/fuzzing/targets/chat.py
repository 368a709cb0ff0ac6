"""What a chat server streams, whole or in pieces."""

import json
from typing import Any

from edgevoice.errors import EngineError
from edgevoice.realtime.items import assistant_text
from edgevoice.realtime.server_events import ConversationItemAdded
from edgevoice.realtime.wire import encode
from edgevoice.relay.engines.local.chat import chunk_of
from edgevoice.relay.engines.local.chat_answer import MAX_ARGUMENTS, MAX_CALLS, ChatAnswer
from edgevoice.relay.engines.local.event_stream import EventStream, WholeBody

PIECE = 64


def contract(data: bytes) -> None:
    """EngineError, or text and calls that can be sent to a client, the same in any pieces."""
    whole = _answer(EventStream(), data, len(data) or 1)
    assert whole == _answer(EventStream(), data, PIECE)
    _answer(WholeBody(), data, PIECE)


def _answer(stream: EventStream, data: bytes, size: int) -> Any:
    answer, text = ChatAnswer(), ""
    try:
        for at in range(0, len(data), size):
            text += _taken(answer, stream.push(data[at : at + size]))
        text += _taken(answer, stream.finish())
    except EngineError:
        return None
    calls = answer.function_calls()
    assert len(calls) <= MAX_CALLS
    assert all(len(call.arguments) <= MAX_ARGUMENTS for call in calls)
    for said in (text, *(call.name for call in calls), *(call.arguments for call in calls)):
        encode(ConversationItemAdded(item=assistant_text(said, "i")))
    return text, json.dumps([(call.name, call.arguments) for call in calls])


def _taken(answer: ChatAnswer, events: list[str]) -> str:
    chunks = (chunk_of(event) for event in events)
    return "".join(answer.take(chunk) for chunk in chunks if chunk)
