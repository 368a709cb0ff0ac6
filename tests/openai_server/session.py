"""One session: events in, events and a spoken answer (a tone) out, in OpenAI's order.

What carries it is `rtc_session.py` or `socket_session.py`; sidebands watch and speak beside.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.realtime.server_events import SessionCreated
from edgevoice.realtime.session import Session as Effective
from edgevoice.realtime.session import merge
from edgevoice.realtime.wire import decode_client_event, encode
from tests.openai_server.answering import Answering, Behaviour, Event, Numbers, Response
from tests.openai_server.input_buffer import InputBuffer, ServerVad


class Session(Answering):
    """What both carriers have in common. Theirs: `_send`, `_play`, `_clear_output`, `run`."""

    chars_per_append: int

    def __init__(self, call_id: str, behaviour: Behaviour, effective: Effective) -> None:
        self.call_id = call_id
        self.buffer = InputBuffer()
        self.received: list[Event] = []
        """Every event of the client, in order."""
        self.items: dict[str, Event] = {}
        """The conversation, oldest first."""
        self.closed = ""
        """Why it ended."""
        self.effective = effective
        self.violations: list[str] = []
        self._behaviour = behaviour
        self._number = Numbers()
        self.sidebands: list[Callable[[str], None]] = []
        """They are told everything that the client is told."""
        self.truncated: dict[str, int] = {}
        """What of an item was heard, in ms, where the client has said so."""
        self.spoken_ms: dict[str, int] = {}
        """By item: how much sound was made."""
        self._response: Response | None = None
        self.attending: list[asyncio.Task[None]] = []
        """Of each sideband; one that is cancelled hangs it up."""
        self.asides: list[str] = []
        """Kinds of events that came by a sideband; they are among `received`, too."""
        self.over = asyncio.Event()
        self._listen(effective)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        expiring = loop.call_later(self._behaviour.session_s, self._expire)
        try:
            yield
        finally:
            expiring.cancel()

    def hang_up(self, reason: str = "hung up") -> None:
        self.closed = self.closed or reason
        self.over.set()

    def report(self) -> Event:
        """For tests that look at a server in another process."""
        return {
            "received": [event.get("type") for event in self.received],
            "turns": [
                {
                    "sources": sorted(turn.sources),
                    "appended": len(turn.samples("append")),
                    "streamed": len(turn.samples("rtp")),
                }
                for turn in self.buffer.turns
            ],
            "violations": self.violations + self.buffer.violations,
            "turn_detection": self.buffer.vad is not None,
            "closed": self.closed,
        }

    def say(self, kind: str, **fields: Any) -> None:
        """One event of ours."""
        text = json.dumps({"type": kind, "event_id": self._number("event")} | fields)
        if not self.over.is_set():
            self._send(text)
        for tell in self.sidebands:
            tell(text)

    def _send(self, text: str) -> None:
        raise NotImplementedError

    def _expire(self) -> None:
        self._error("session_expired", "Your session hit the maximum duration.")
        self.hang_up("session expired")

    def begin(self) -> None:
        """The client can hear us."""
        self.say("session.created", session=self._shown())
        self.say("conversation.created", conversation={"id": "conv_1"})

    def _shown(self) -> Event:
        shown: Event = json.loads(encode(SessionCreated(session=self.effective)))["session"]
        return shown

    # What the client says.

    def on_message(self, text: str) -> None:
        try:
            event: Event = json.loads(text)
            decode_client_event(text)
        except (ValueError, RemoteProtocolError) as error:
            self._error("invalid_value", str(error))
            return
        self.received.append(event)
        handle = self._handlers().get(event["type"])
        if handle is None:
            self.violations.append(f"{event['type']} is no event of OpenAI's")
            self._error("invalid_value", f"Unknown type {event['type']}", event.get("event_id"))
        else:
            handle(event)

    def _handlers(self) -> dict[str, Callable[[Event], None]]:
        return {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": lambda event: self._clear_input(),
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate_item,
            "conversation.item.delete": self._delete_item,
            "response.create": self._create_response,
            "response.cancel": self._cancel_response,
            "output_audio_buffer.clear": lambda event: self._asked_to_clear(event),
        }

    def _update(self, event: Event) -> None:
        if not self._behaviour.knows_transcription and "model" in str(event):
            path = "session.audio.input.transcription.model"
            self._error("invalid_value", "No such model", event.get("event_id"), path)
            return
        try:
            update = decode_client_event(json.dumps(event))
            assert isinstance(update, SessionUpdate)
            self.effective = merge(self.effective, update.session)
        except RemoteProtocolError as error:
            self._error("invalid_value", str(error), event.get("event_id"))
            return
        self._listen(self.effective)
        self.say("session.updated", session=self._shown())

    def _listen(self, effective: Effective) -> None:
        detection = effective.audio.input.turn_detection
        if detection is None:
            self.buffer.vad = None
        elif self.buffer.vad is None:
            self.buffer.vad = ServerVad(getattr(detection, "silence_duration_ms", 500))

    def _append(self, event: Event) -> None:
        if len(event["audio"]) > self.chars_per_append:
            self.violations.append(f"an append of {len(event['audio'])} characters")
        samples = np.frombuffer(base64.b64decode(event["audio"], validate=True), "<i2")
        self._hear("append", samples)

    def _hear(self, source: str, samples: Samples) -> None:
        for found in self.buffer.write(source, samples):
            if found == "started":
                self._speech_started()
            else:
                self._speech_stopped()

    def _speech_started(self) -> None:
        self.say(
            "input_audio_buffer.speech_started",
            item_id=self._next_item(),
            audio_start_ms=self.buffer.heard_ms,
        )
        if getattr(self.effective.audio.input.turn_detection, "interrupt_response", True):
            self._interrupt("turn_detected")

    def _speech_stopped(self) -> None:
        self.say(
            "input_audio_buffer.speech_stopped",
            item_id=self._next_item(),
            audio_end_ms=self.buffer.heard_ms,
        )
        self._take_turn()
        if getattr(self.effective.audio.input.turn_detection, "create_response", True):
            self._respond({})

    def _next_item(self) -> str:
        return self._number.next("item")

    def _commit(self, event: Event) -> None:
        if self.buffer.current.ms < 100:
            self._error(
                "input_audio_buffer_commit_empty",
                "Error committing input audio buffer: buffer too small.",
                event.get("event_id"),
            )
        else:
            self._take_turn()

    def _take_turn(self) -> None:
        self.buffer.commit()
        before = next(reversed(self.items), None)
        item_id = self._number("item")
        self.say("input_audio_buffer.committed", item_id=item_id, previous_item_id=before)
        part = {"type": "input_audio", "transcript": None}
        item = {"id": item_id, "type": "message", "role": "user", "content": [part]}
        self._add_item(item, before)
        if self.effective.audio.input.transcription is not None and self._behaviour.transcribes:
            self.say(
                "conversation.item.input_audio_transcription.completed",
                item_id=item_id,
                content_index=0,
                transcript=self._behaviour.transcript,
                usage={"type": "duration", "seconds": 1},
            )

    def _clear_input(self) -> None:
        self.buffer.clear()
        self.say("input_audio_buffer.cleared")

    # The conversation.

    def _add_item(self, item: Event, before: str | None = None) -> None:
        item = {"object": "realtime.item", "status": "completed"} | item
        self._place_item(item, before)
        self.say("conversation.item.done", item=item, previous_item_id=before)

    def _create_item(self, event: Event) -> None:
        previous = event.get("previous_item_id")
        if previous not in (None, "root", *self.items):
            self._error("invalid_value", f"No item {previous}", event.get("event_id"))
            return
        if len(event["item"].get("id", "")) > 32:
            self._error("string_above_max_length", "Invalid 'item.id'", event.get("event_id"))
            return
        item = {"id": self._number("item")} | event["item"]
        self._add_item(item, None if previous == "root" else previous)

    def _retrieve_item(self, event: Event) -> None:
        if event["item_id"] in self.items:
            self.say("conversation.item.retrieved", item=self.items[event["item_id"]])
        else:
            self._error("invalid_value", "No such item", event.get("event_id"))

    def _truncate_item(self, event: Event) -> None:
        raise NotImplementedError

    def _asked_to_clear(self, event: Event) -> None:
        raise NotImplementedError

    def _delete_item(self, event: Event) -> None:
        if self.items.pop(event["item_id"], None) is None:
            self._error("invalid_value", "No such item", event.get("event_id"))
        else:
            self.say("conversation.item.deleted", item_id=event["item_id"])

    def _error(
        self, code: str, message: str, event_id: str | None = None, param: str | None = None
    ) -> None:
        said = {"type": "invalid_request_error", "code": code, "message": message, "param": param}
        self.say("error", error=said | {"event_id": event_id})
