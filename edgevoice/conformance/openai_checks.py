"""`openai`, the Python SDK: its HTTP calls and its WebSocket, read into its own types."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import openai
import websockets
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import (
    RealtimeErrorEvent,
    RealtimeServerEvent,
    ResponseDoneEvent,
    SessionUpdatedEvent,
)
from pydantic import TypeAdapter, ValidationError

from edgevoice.conformance.answer_checks import LONG, SHORT
from edgevoice.conformance.expect import expect
from edgevoice.conformance.session_checks import user_message
from edgevoice.conformance.target import Target
from edgevoice.conformance.webrtc_talk import offer_of
from edgevoice.errors import CheckFailed

MOST_EVENTS = 5_000
SCHEMA: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
SETTINGS: Any = {"type": "realtime", "instructions": "Be brief.", "model": "gpt-realtime-2.1"}


async def secret(target: Target) -> None:
    async with _client(target) as client:
        created = await client.realtime.client_secrets.create(
            session={"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
            expires_after={"anchor": "created_at", "seconds": 600},
        )
    expect(created.value.startswith("ek_"), "a value that begins with ek_", created.value[:3])
    kind = type(created.session).__name__
    expect(kind == "RealtimeSessionCreateResponse", "a session of its type", kind)


async def calls(target: Target) -> None:
    async with _client(target) as client, offer_of() as offer:
        plain = await client.realtime.calls.create(sdp=offer)
        both = await client.realtime.calls.create(sdp=offer, session=SETTINGS)
        for made in (plain, both):
            status = made.response.status_code
            expect(status == 201 and made.text.startswith("v=0"), "201 and an SDP answer", status)
        place = both.response.headers.get("location", "")
        expect("/calls/rtc_" in place, "Location: /v1/realtime/calls/rtc_...", place)
        await client.realtime.calls.hangup(place.rpartition("/")[2])
        try:
            await client.realtime.calls.create(sdp="v=0")
        except openai.BadRequestError as error:
            expect(bool(error.message and error.body), "an error with a message", error)
        else:
            raise CheckFailed("BadRequestError for a broken offer", "no error")


async def turn(target: Target) -> None:
    async with _connection(target) as connection:
        await connection.session.update(session=SETTINGS)
        await connection.conversation.item.create(item=_message(SHORT))
        await connection.response.create()
        came = await _until(connection, "response.done")
    sound = [event for event in came if event.type == "response.output_audio.delta"]
    expect(bool(sound), "audio deltas", _told(came))
    text = "".join(e.delta for e in came if e.type == "response.output_audio_transcript.delta")
    done = came[-1]
    assert isinstance(done, ResponseDoneEvent)
    expect(done.response.status == "completed", "a completed response", done.response.status)
    output = (done.response.output or [])[0]
    expect(output.type == "message", "a message", output.type)
    said = getattr(output.content[0], "transcript", None) if output.type == "message" else None
    expect(bool(text) and said == text, "the words of the deltas in the response", said)


async def session(target: Target) -> None:
    async with _connection(target) as connection:
        detection: Any = {"input": {"turn_detection": {"type": "semantic_vad"}}}
        await connection.session.update(session={"type": "realtime", "instructions": "A"})
        await connection.session.update(session={"type": "realtime", "audio": detection})
        await _until(connection, "session.updated")
        updated = (await _until(connection, "session.updated"))[-1]
    assert isinstance(updated, SessionUpdatedEvent)
    settings: Any = updated.session
    expect(settings.instructions == "A", "instructions kept by a later update", settings)
    chosen = settings.audio.input.turn_detection
    expect(chosen.interrupt_response is True, "the effective interrupt_response", chosen)


async def items(target: Target) -> None:
    async with _connection(target) as connection:
        conversation = connection.conversation
        await conversation.item.create(item=_message(SHORT))
        await connection.response.create()
        done = (await _until(connection, "response.done"))[-1]
        assert isinstance(done, ResponseDoneEvent)
        item_id = str((done.response.output or [])[0].id)
        await conversation.item.retrieve(item_id=item_id)
        await _until(connection, "conversation.item.retrieved")
        await conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=100)
        await _until(connection, "conversation.item.truncated")
        await conversation.item.delete(item_id=item_id)
        await _until(connection, "conversation.item.deleted")
        await conversation.item.retrieve(item_id=item_id, event_id="event_gone")
        error = (await _until(connection, "error"))[-1]
    assert isinstance(error, RealtimeErrorEvent)
    expect(error.error.event_id == "event_gone", "the offending event_id", error.error.event_id)


async def cancel(target: Target) -> None:
    async with _connection(target) as connection:
        await connection.conversation.item.create(item=_message(LONG))
        await connection.response.create()
        await _until(connection, "response.output_audio_transcript.delta")
        await connection.response.cancel()
        done = (await _until(connection, "response.done"))[-1]
    assert isinstance(done, ResponseDoneEvent)
    expect(done.response.status == "cancelled", "a cancelled response", done.response.status)


async def out_of_band(target: Target) -> None:
    params: Any = {
        "conversation": "none",
        "metadata": {"topic": "check"},
        "output_modalities": ["text"],
        "input": [user_message("Please say: apart.")],
    }
    async with _connection(target) as connection:
        await connection.response.create(response=params)
        done = (await _until(connection, "response.done"))[-1]
    assert isinstance(done, ResponseDoneEvent)
    metadata = done.response.metadata
    expect(metadata == {"topic": "check"}, "metadata echoed", metadata)


@asynccontextmanager
async def _client(target: Target) -> AsyncIterator[openai.AsyncOpenAI]:
    http = openai.DefaultAsyncHttpxClient(verify=target.trust())
    with _trouble():
        async with openai.AsyncOpenAI(
            api_key=target.key, base_url=target.api, http_client=http, max_retries=0
        ) as client:
            yield client


@asynccontextmanager
async def _connection(target: Target) -> AsyncIterator[AsyncRealtimeConnection]:
    options: Any = {"ssl": target.trust()} if target.is_secure else {}
    async with (
        _client(target) as client,
        client.realtime.connect(
            model=target.model, websocket_connection_options=options
        ) as connection,
    ):
        yield connection


@contextmanager
def _trouble() -> Iterator[None]:
    """What the SDK raises, said of the server."""
    try:
        yield
    except (openai.OpenAIError, websockets.WebSocketException) as error:
        came = f"{type(error).__name__}: {error}"[:300]
        raise CheckFailed("no exception in the client", came) from error


async def _until(connection: AsyncRealtimeConnection, kind: str) -> list[RealtimeServerEvent]:
    """All events up to the first of this kind, each valid by the SDK's own types."""
    came: list[RealtimeServerEvent] = []
    async for event in connection:
        came.append(event)
        _valid(event)
        if event.type == kind:
            return came
        if event.type == "error" or len(came) > MOST_EVENTS:
            break
    raise CheckFailed(kind, _told(came))


def _valid(event: RealtimeServerEvent) -> None:
    """The SDK builds its types from whatever comes; here they are held to what they say."""
    try:
        SCHEMA.validate_python(event.model_dump(mode="json", by_alias=True, exclude_unset=True))
    except ValidationError as error:
        first = error.errors()[0]
        came = f"{event.type}: {first['loc']}: {first['msg']}"
        raise CheckFailed("events that are valid by the SDK's types", came) from error


def _message(text: str) -> Any:
    return user_message(text)


def _told(came: list[RealtimeServerEvent]) -> str:
    last = came[-1] if came else None
    why = f": {last.error.message}" if isinstance(last, RealtimeErrorEvent) else ""
    return ", ".join(dict.fromkeys(event.type for event in came)) + why
