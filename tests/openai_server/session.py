"""One session: events in, events and a spoken answer (a tone) out, in OpenAI's order."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.realtime.server_events import SessionCreated
from edgevoice.realtime.session import Session as Effective
from edgevoice.realtime.session import merge
from edgevoice.realtime.wire import decode_client_event, encode
from edgevoice.webrtc.call import Call
from edgevoice.webrtc.codec import Codec
from tests.openai_server.ice_lite import become_lite
from tests.openai_server.input_buffer import InputBuffer, ServerVad

MAX_MESSAGE_BYTES = 65_536
CHARS_PER_APPEND = 16_384
GOODBYE_S = 0.2

Event = dict[str, Any]


@dataclass
class Behaviour:
    """What a test may choose. The defaults are a friendly server."""

    answers_call_after_s: float = 0.0
    """From the offer to the answer."""
    answer_s: float = 1.0
    transcript: str = "what time is it"
    answer: str = "It is late."
    session_s: float = 3600.0
    """After this long the session expires, as OpenAI's do after an hour."""
    ice_lite: bool = True
    codec: Codec | None = None
    """None: Opus."""


@dataclass
class Response:
    id: str
    item_id: str
    spoken: bool = False
    done: bool = False


@dataclass
class Numbers:
    """Ids as OpenAI writes them, but ones that a test can foretell."""

    counts: dict[str, int] = field(default_factory=dict)

    def __call__(self, prefix: str) -> str:
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}_{self.counts[prefix]}"


def tone(seconds: float) -> Samples:
    ticks = np.arange(round(24_000 * seconds))
    return (8_000 * np.sin(2 * np.pi * 440 * ticks / 24_000)).astype(np.int16)


class Session:
    """`answer` an offer, then `run`."""

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
        self.ahead_s = 0.0
        """How much faster than real time RTP came, at most: a NetEq would stretch it."""
        self._first_rtp: float | None = None
        self._rtp_samples = 0
        self._behaviour = behaviour
        self._number = Numbers()
        self._response: Response | None = None
        self._playing: Response | None = None
        self._expiring: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()
        self._listen(effective)
        self.call = Call(
            on_audio=self._on_rtp,
            on_message=self._on_message,
            on_open=self._on_open,
            on_closed=self._on_closed,
            media_host="127.0.0.1",
            codec=behaviour.codec,
            event_bytes=MAX_MESSAGE_BYTES,
        )

    async def answer(self, offer: str) -> str:
        await asyncio.sleep(self._behaviour.answers_call_after_s)
        answer = await self.call.answer(offer)
        if self._behaviour.ice_lite:
            become_lite(self.call)
        return answer

    async def run(self) -> None:
        """To its end, whoever ends it."""
        self._expiring = asyncio.get_running_loop().call_later(
            self._behaviour.session_s, self._expire
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.call.run())
                await self._over.wait()
                await asyncio.sleep(GOODBYE_S)  # the last event still travels
                await self.call.close()
        finally:
            self._expiring.cancel()

    def hang_up(self, reason: str = "hung up") -> None:
        self.closed = self.closed or reason
        self._over.set()

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
            "ahead_s": round(self.ahead_s, 3),
            "closed": self.closed,
        }

    def say(self, kind: str, **fields: Any) -> None:
        """One event of ours."""
        self.call.send(json.dumps({"type": kind, "event_id": self._number("event")} | fields))

    def _expire(self) -> None:
        self._error("session_expired", "Your session hit the maximum duration.")
        self.hang_up("session expired")

    def _on_open(self) -> None:
        self.say("session.created", session=self._shown())
        self.say("conversation.created", conversation={"id": "conv_1"})

    def _on_closed(self, reason: str) -> None:
        self.hang_up(reason)

    def _shown(self) -> Event:
        shown: Event = json.loads(encode(SessionCreated(session=self.effective)))["session"]
        return shown

    # What the client says.

    def _on_message(self, text: str) -> None:
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
            "output_audio_buffer.clear": lambda event: self._clear_output(),
        }

    def _update(self, event: Event) -> None:
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
        if len(event["audio"]) > CHARS_PER_APPEND:
            self.violations.append(f"an append of {len(event['audio'])} characters")
        samples = np.frombuffer(base64.b64decode(event["audio"], validate=True), "<i2")
        self._hear("append", samples)

    def _on_rtp(self, index: int, samples: Samples) -> None:
        now = asyncio.get_running_loop().time()
        self._first_rtp = self._first_rtp or now
        self._rtp_samples += len(samples)
        self.ahead_s = max(self.ahead_s, self._rtp_samples / 16_000 - (now - self._first_rtp))
        self._hear("rtp", samples)

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
        return f"item_{self._number.counts.get('item', 0) + 1}"

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
        self._add_item({"id": item_id, "type": "message", "role": "user", "content": [part]})
        if self.effective.audio.input.transcription is not None:
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
        self.items[item["id"]] = item
        self.say("conversation.item.added", item=item, previous_item_id=before)
        self.say("conversation.item.done", item=item, previous_item_id=before)

    def _create_item(self, event: Event) -> None:
        previous = event.get("previous_item_id")
        if previous not in (None, "root", *self.items):
            self._error("invalid_value", f"No item {previous}", event.get("event_id"))
            return
        item = {"id": self._number("item")} | event["item"]
        self._add_item(item, None if previous == "root" else previous)

    def _retrieve_item(self, event: Event) -> None:
        if event["item_id"] in self.items:
            self.say("conversation.item.retrieved", item=self.items[event["item_id"]])
        else:
            self._error("invalid_value", "No such item", event.get("event_id"))

    def _truncate_item(self, event: Event) -> None:
        """Over WebRTC the server does it by itself, and sooner."""
        self.violations.append("a truncation over WebRTC")

    def _delete_item(self, event: Event) -> None:
        if self.items.pop(event["item_id"], None) is None:
            self._error("invalid_value", "No such item", event.get("event_id"))
        else:
            self.say("conversation.item.deleted", item_id=event["item_id"])

    # Answers.

    def _create_response(self, event: Event) -> None:
        if self._response is not None:
            self._error(
                "conversation_already_has_active_response",
                f"Conversation already has an active response: {self._response.id}.",
                event.get("event_id"),
            )
        else:
            self._respond(event.get("response") or {})

    def _respond(self, params: Event) -> None:
        """Said at once, and spoken in its own time."""
        if self._response is not None:
            return
        response = self._response = Response(self._number("resp"), self._number("item"))
        self.say("response.created", response=self._response_object(response, "in_progress"))
        ids = {"response_id": response.id, "output_index": 0}
        part = {"type": "audio", "transcript": ""}
        self.say("response.output_item.added", **ids, item=self._spoken(response, "in_progress"))
        self.say(
            "response.content_part.added",
            **ids,
            item_id=response.item_id,
            content_index=0,
            part=part,
        )
        self.say(
            "response.output_audio_transcript.delta",
            **ids,
            item_id=response.item_id,
            content_index=0,
            delta=self._behaviour.answer,
        )
        self._play(response)

    def _play(self, response: Response) -> None:
        output = self.call.output
        output.on_first_packet = lambda: self._sounds(response)
        output.on_drained = lambda: self._drained(response)
        output.begin()
        output.play(tone(self._behaviour.answer_s))
        output.end()

    def _sounds(self, response: Response) -> None:
        """All words are there long before all sound has been heard."""
        self._playing = response
        self.say("output_audio_buffer.started", response_id=response.id)
        self._finish(response, "completed")

    def _drained(self, response: Response) -> None:
        self._playing = None
        self.say("output_audio_buffer.stopped", response_id=response.id)

    def _finish(self, response: Response, status: str, details: Event | None = None) -> None:
        self._response = None
        ids = {"response_id": response.id, "output_index": 0}
        item = self._spoken(response, "completed" if status == "completed" else "incomplete")
        self.say(
            "response.output_audio_transcript.done",
            **ids,
            item_id=response.item_id,
            content_index=0,
            transcript=self._behaviour.answer,
        )
        self.say("response.output_item.done", **ids, item=item)
        self._add_item(item, next(reversed(self.items), None))
        self.say("response.done", response=self._response_object(response, status, details))
        limit = {"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}
        self.say("rate_limits.updated", rate_limits=[limit])

    def _interrupt(self, reason: str) -> None:
        """Stop speaking, and take what was not heard out of the conversation."""
        if self._response is not None:
            details = {"type": "cancelled", "reason": reason}
            self._finish(self._response, "cancelled", details)
        self._clear_output()

    def _cancel_response(self, event: Event) -> None:
        if self._response is None:
            self._error(
                "response_cancel_not_active",
                "Cancellation failed: no active response found",
                event.get("event_id"),
            )
        else:
            self._finish(
                self._response, "cancelled", {"type": "cancelled", "reason": "client_cancelled"}
            )

    def _clear_output(self) -> None:
        heard_ms = self.call.output.clear()
        playing, self._playing = self._playing, None
        if playing is None:
            return
        self.say("output_audio_buffer.cleared", response_id=playing.id)
        self.say(
            "conversation.item.truncated",
            item_id=playing.item_id,
            content_index=0,
            audio_end_ms=heard_ms,
        )

    def _spoken(self, response: Response, status: str) -> Event:
        part = {"type": "output_audio", "transcript": self._behaviour.answer}
        return {
            "id": response.item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [] if status == "in_progress" else [part],
        }

    def _response_object(
        self, response: Response, status: str, details: Event | None = None
    ) -> Event:
        output = [] if status == "in_progress" else [self._spoken(response, "completed")]
        return {
            "id": response.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": "conv_1",
            "output_modalities": ["audio"],
            "metadata": None,
        }

    def _error(self, code: str, message: str, event_id: str | None = None) -> None:
        said = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
        self.say("error", error=said | {"event_id": event_id})
