"""What the server behind the relay is told, and what it says, in the words of its API. Pure.

The brain thinks in our Realtime events; a dialect is the only place that knows another API.
`RealtimeDialect` is nearly the identity: it keeps to the owner what is the owner's (model,
transcription, what acts in the account), and names things in ways that the server takes.
"""

import base64
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from edgevoice.audio.frames import Samples
from edgevoice.config import UpstreamConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import Item, ItemReference
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.session import Session as Settings
from edgevoice.realtime.session import SessionPatch
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.relay.openai.names import Names
from edgevoice.relay.openai.upstream import ALLOWED, EVENT_LIMIT

OURS = "relay_"
"""An `event_id` that begins so names an event nobody but the relay knows of."""


class Dialect(Protocol):
    """Texts to the server and events from it; one for each of its sessions."""

    @property
    def query(self) -> dict[str, str]:
        """Of the WebSocket's URL."""

    def begin(self, settings: Settings) -> str:
        """How the session is to be, first of all."""

    def change(self, patch: SessionPatch, event_id: str) -> str | None:
        """What of it the client wants to be different; None: nothing that concerns the server."""

    def do_without(self, error: ErrorDetails) -> bool:
        """Of what was wanted by `begin`; False: nothing of it can be left out."""

    def seed(self, item: Item, previous_item_id: str | None = None, event_id: str = "") -> str:
        """An item that the server did not make."""

    def delete(self, item_id: str, event_id: str = "") -> str: ...

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> str:
        """So much of it was heard."""

    def sound(self, samples: Samples) -> str:
        """24 kHz, of the client."""

    def commit(self, event_id: str) -> str:
        """The turn ends here."""

    def clear(self, event_id: str = "") -> str:
        """The sound since the last turn is no part of the next one."""

    def respond(self, event: asks.ResponseCreate) -> str: ...

    def cancel(self, event: asks.ResponseCancel) -> str: ...

    def read(self, text: str) -> says.ServerEvent:
        """RemoteProtocolError for what is no event."""


class RealtimeDialect:
    """OpenAI's Realtime API (GA) over a WebSocket, where sound is 24 kHz PCM in base64."""

    def __init__(self, config: UpstreamConfig) -> None:
        self._config = config
        self._names = Names()
        self._transcription_model = config.transcription_model
        self._count = 0

    @property
    def query(self) -> dict[str, str]:
        return {"model": self._config.model}

    def begin(self, settings: Settings) -> str:
        wanted = {key: getattr(settings, key) for key in ALLOWED if key != "audio"}
        told = {key: value for key, value in wanted.items() if value not in (None, "", ())}
        if not settings.instructions and self._config.instructions:
            told["instructions"] = self._config.instructions
        told["audio"] = {
            "input": self._input(msgspec.to_builtins(settings.audio.input)),
            "output": self._output(settings),
        }
        return self._update(told, self._own_id())

    def change(self, patch: SessionPatch, event_id: str) -> str | None:
        told = {key: value for key, value in patch.items() if key in ALLOWED}
        audio: dict[str, Any] = dict(patch.get("audio") or {})
        if audio.get("input"):
            audio["input"] = self._input(audio["input"])
        if audio.get("output"):
            audio["output"] = {k: v for k, v in audio["output"].items() if k != "format"}
        if "audio" in told:
            told["audio"] = audio
        if "instructions" in told and not told["instructions"]:
            told["instructions"] = self._config.instructions
        return self._update(told, event_id) if told and told != {"audio": {}} else None

    def do_without(self, error: ErrorDetails) -> bool:
        """Which models write down what the user says in such a session changes over the years."""
        is_it = "transcription" in (error.param or "") and bool(self._transcription_model)
        if is_it:
            self._transcription_model = ""
        return is_it

    def seed(self, item: Item, previous_item_id: str | None = None, event_id: str = "") -> str:
        created = asks.ConversationItemCreate(
            item=self._names.outward(item),
            previous_item_id=self._names.there(previous_item_id),
            event_id=event_id or self._own_id(),
        )
        return encode(created)

    def delete(self, item_id: str, event_id: str = "") -> str:
        name = self._names.there(item_id)
        own = event_id or self._own_id()
        return encode(asks.ConversationItemDelete(item_id=name, event_id=own))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> str:
        return encode(
            asks.ConversationItemTruncate(
                item_id=self._names.there(item_id),
                content_index=content_index,
                audio_end_ms=audio_end_ms,
                event_id=self._own_id(),
            )
        )

    def sound(self, samples: Samples) -> str:
        data = base64.b64encode(samples.astype("<i2").tobytes()).decode()
        return f'{{"type":"input_audio_buffer.append","audio":"{data}"}}'

    def commit(self, event_id: str) -> str:
        return encode(asks.InputAudioBufferCommit(event_id=event_id))

    def clear(self, event_id: str = "") -> str:
        return encode(asks.InputAudioBufferClear(event_id=event_id or self._own_id()))

    def respond(self, event: asks.ResponseCreate) -> str:
        params = event.response
        if params is not None:
            named = None if params.input is None else tuple(map(self._reference, params.input))
            params = msgspec.structs.replace(params, input=named, prompt=None)
        return encode(msgspec.structs.replace(event, response=params))

    def cancel(self, event: asks.ResponseCancel) -> str:
        return encode(event)

    def read(self, text: str) -> says.ServerEvent:
        return self._names.inward(decode_server_event(text, EVENT_LIMIT))

    def _reference(self, item: Item) -> Item:
        return self._names.outward(item) if isinstance(item, ItemReference) else item

    def _input(self, asked: Any) -> dict[str, Any]:
        """Its format is ours; it is written down by the owner's model, whatever the client says."""
        told = {key: value for key, value in asked.items() if key != "format"}
        model = self._transcription_model
        if model:
            hints = told.get("transcription") or {}
            kept = {key: value for key, value in hints.items() if key in _HINTS}
            told["transcription"] = kept | {"model": model}
        else:
            told.pop("transcription", None)
        return told

    def _output(self, settings: Settings) -> dict[str, Any]:
        """A voice that is the same as everybody's default was not asked for."""
        output = settings.audio.output
        told: dict[str, Any] = {}
        if output.speed != 1.0:
            told["speed"] = output.speed
        voice = self._config.voice if output.voice == Settings().audio.output.voice else ""
        chosen = voice or (output.voice if output.voice != Settings().audio.output.voice else None)
        return told | ({"voice": msgspec.to_builtins(chosen)} if chosen else {})

    def _update(self, told: dict[str, Any], event_id: str) -> str:
        session = {"type": "realtime", **msgspec.to_builtins(told)}
        update = {"type": "session.update", "session": session}
        return msgspec.json.encode(update | ({"event_id": event_id} if event_id else {})).decode()

    def _own_id(self) -> str:
        self._count += 1
        return f"{OURS}{self._count}"


_HINTS = ("language",)
"""Which other hints a model takes differs, and it refuses the session for those it does not."""


def seeds(items: Iterable[Item], dialect: Dialect) -> list[str]:
    """A conversation, told to a server that knows nothing of it."""
    return [dialect.seed(item) for item in items]


def is_ours(event: says.Error) -> bool:
    """It answers something that the client did not say."""
    return (event.error.event_id or "").startswith(OURS)


def decoded_sound(delta: str) -> bytes:
    """RemoteProtocolError when it is none."""
    try:
        data = base64.b64decode(delta, validate=True)
    except ValueError:
        raise RemoteProtocolError("response.output_audio.delta: no base64") from None
    if len(data) % 2:
        raise RemoteProtocolError("response.output_audio.delta: half a sample")
    return data
