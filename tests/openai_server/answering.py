"""The answers of a session: a tone and its words, or the call of a tool, in OpenAI's order."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.realtime.session import Session as Effective
from edgevoice.webrtc.codec import Codec

Event = dict[str, Any]
CALL = re.compile(r"call (?P<name>[\w-]+)\s*(?P<arguments>\{.*\})?")


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
    opens_after_s: float = 0.0
    """From the request for a WebSocket to the answer."""
    make_s: float = 0.0
    """Over a WebSocket an answer is made in this time, whatever it takes to hear it."""
    repeats: bool = False
    """Once a tool was called, its result is the answer."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Tools (name, arguments) that the next answers call, one each, before anything is said."""
    stalls: bool = False
    """It begins an answer and then says nothing more, but the connection stands."""
    transcribes: bool = True
    """It says what it understood, if it was asked to."""
    knows_transcription: bool = True
    """It accepts the model that is to write down what the user says."""
    names_conversation: bool = True
    """Some compatible servers have none."""
    fails: str = ""
    """The code with which every answer fails."""


@dataclass
class Response:
    id: str
    item_id: str
    params: Event = field(default_factory=dict)
    call: tuple[str, str] | None = None
    """The tool it calls; then it says nothing."""
    writes: bool = False
    """Its words are not spoken."""
    said: list[str] = field(default_factory=list)
    spoken_ms: int = 0
    """Of sound that was made."""

    @property
    def call_id(self) -> str:
        return self.item_id.replace("item", "call")

    @property
    def metadata(self) -> Any:
        return self.params.get("metadata")

    @property
    def in_conversation(self) -> bool:
        return self.params.get("conversation") != "none"


@dataclass
class Numbers:
    """Ids as OpenAI writes them, but ones that a test can foretell."""

    mark: str = ""
    """Of the session: ids of another one are never the same."""
    counts: dict[str, int] = field(default_factory=dict)

    def __call__(self, prefix: str) -> str:
        name = self.next(prefix)
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return name

    def next(self, prefix: str) -> str:
        return f"{prefix}_{self.mark}{self.counts.get(prefix, 0) + 1}"


def tone(seconds: float) -> Samples:
    ticks = np.arange(round(24_000 * seconds))
    return (8_000 * np.sin(2 * np.pi * 440 * ticks / 24_000)).astype(np.int16)


class Answering:
    """What a session answers. How it sounds is the carrier's: `_play`, `_clear_output`."""

    items: dict[str, Event]
    effective: Effective
    violations: list[str]
    _behaviour: Behaviour
    _number: Numbers
    _response: Response | None
    say: Callable[..., None]
    _error: Callable[..., None]

    def _play(self, response: Response) -> None:
        raise NotImplementedError

    def _clear_output(self) -> None:
        raise NotImplementedError

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
        response = Response(self._number("resp"), self._number("item"), params)
        self._response = response
        self.say("response.created", response=self._shown_response(response, "in_progress"))
        if self._behaviour.fails:
            self._fail(response)
            return
        if self._behaviour.calls:
            response.call = self._behaviour.calls.pop(0)
        else:
            response.call = self._asked_call()
        asked = params.get("output_modalities") or self.effective.output_modalities
        response.writes = "audio" not in asked
        self._open(response)
        if response.call is not None:
            self._finish(response, "completed")
        elif response.writes and not self._behaviour.stalls:
            self.words(response, self._answer())
            self._finish(response, "completed")
        elif not self._behaviour.stalls:
            self._play(response)

    def _answer(self) -> str:
        last = next(reversed(self.items.values()), {})
        outputs = [item["output"] for item in self.items.values() if "output" in item]
        is_result = self._behaviour.repeats and last.get("status") == "in_progress" and outputs
        return str(outputs[-1]) if is_result else self._behaviour.answer

    def _asked_call(self) -> tuple[str, str] | None:
        """Whoever writes `call NAME {...}` wants a tool called."""
        last = next(reversed(self.items.values()), {})
        words = "".join(part.get("text") or "" for part in last.get("content", ()))
        found = CALL.search(words) if last.get("role") == "user" else None
        return (found["name"], found["arguments"] or "{}") if found else None

    def _open(self, response: Response) -> None:
        item = self._item(response, "in_progress")
        self.say("response.output_item.added", **self._ids(response), item=item)
        if response.in_conversation:
            self._place_item(item, next(reversed(self.items), None))
        if response.call is None:
            part = self._part(response, "")
            self.say("response.content_part.added", **self._part_ids(response), part=part)

    def words(self, response: Response, text: str) -> None:
        response.said.append(text)
        kind = "text" if response.writes else "audio_transcript"
        kind = f"response.output_{kind}.delta"
        self.say(kind, **self._part_ids(response), delta=text)

    def _finish(self, response: Response, status: str, details: Event | None = None) -> None:
        self._response = None
        if response.call is None:
            self._close_part(response)
        else:
            self._call(response)
        item = self._item(response, "completed" if status == "completed" else "incomplete")
        self.say("response.output_item.done", **self._ids(response), item=item)
        if response.in_conversation:
            self._end_item(item)
        self._end(response, status, details)

    def _end(self, response: Response, status: str, details: Event | None) -> None:
        self.say("response.done", response=self._shown_response(response, status, details))
        limit = {"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}
        self.say("rate_limits.updated", rate_limits=[limit])

    def _fail(self, response: Response) -> None:
        self._response = None
        said = f"Rate limit reached in organization org-secret, key sk-*: {self._behaviour.fails}"
        error = {"type": "requests", "code": self._behaviour.fails, "message": said}
        self._end(response, "failed", {"type": "failed", "error": error})

    def _close_part(self, response: Response) -> None:
        text = "".join(response.said)
        ids = self._part_ids(response)
        if response.writes:
            self.say("response.output_text.done", **ids, text=text)
        else:
            self.say("response.output_audio.done", **ids)
            self.say("response.output_audio_transcript.done", **ids, transcript=text)
        part = self._part(response, text)
        self.say("response.content_part.done", **ids, part=part)

    def _call(self, response: Response) -> None:
        assert response.call is not None
        name, arguments = response.call
        ids = self._ids(response) | {"item_id": response.item_id, "call_id": response.call_id}
        self.say("response.function_call_arguments.delta", **ids, delta=arguments)
        self.say("response.function_call_arguments.done", **ids, name=name, arguments=arguments)

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
            details = {"type": "cancelled", "reason": "client_cancelled"}
            self._finish(self._response, "cancelled", details)

    def _place_item(self, item: Event, before: str | None) -> None:
        self.items[item["id"]] = item
        self.say("conversation.item.added", item=item, previous_item_id=before)

    def _end_item(self, item: Event) -> None:
        ids = list(self.items)
        position = ids.index(item["id"]) if item["id"] in ids else 0
        before = ids[position - 1] if position else None
        if item["id"] in self.items:
            self.items[item["id"]] = item
        self.say("conversation.item.done", item=item, previous_item_id=before)

    def _part(self, response: Response, text: str) -> Event:
        if response.writes:
            return {"type": "text", "text": text}
        return {"type": "audio", "transcript": text}

    def _ids(self, response: Response) -> Event:
        return {"response_id": response.id, "output_index": 0}

    def _part_ids(self, response: Response) -> Event:
        return self._ids(response) | {"item_id": response.item_id, "content_index": 0}

    def _item(self, response: Response, status: str) -> Event:
        item: Event = {"id": response.item_id, "object": "realtime.item", "status": status}
        if response.call is not None:
            name, arguments = response.call
            done = status != "in_progress"
            call = {"name": name, "call_id": response.call_id, "arguments": arguments * done}
            return item | {"type": "function_call"} | call
        part = self._part(response, "".join(response.said))
        part["type"] = f"output_{part['type']}"
        content = [] if status == "in_progress" else [part]
        return item | {"type": "message", "role": "assistant", "content": content}

    def _shown_response(
        self, response: Response, status: str, details: Event | None = None
    ) -> Event:
        is_done = status in ("completed", "cancelled")
        is_named = response.in_conversation and self._behaviour.names_conversation
        usage = {"total_tokens": 150, "input_tokens": 100, "output_tokens": 50}
        return {
            "id": response.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": [self._item(response, "completed")] if is_done else [],
            "conversation_id": "conv_1" if is_named else None,
            "output_modalities": ["text" if response.writes else "audio"],
            "usage": usage if is_done else None,
            "metadata": response.metadata,
        }
