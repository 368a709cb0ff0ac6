"""The events of one response, in the documented order. Decides nothing.

Order of a spoken answer: response.created, output_item.added,
conversation.item.added, content_part.added, deltas (of words, and where no media
carries it of sound), output_audio.done, transcript.done, content_part.done,
conversation.item.done, output_item.done, response.done, rate_limits.updated.
Whatever was opened is closed, also when the answer is cut short.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import ContentPart, FunctionCall, Item, Message
from edgevoice.realtime.response import Response, StatusDetails, Usage
from edgevoice.realtime.response import ResponseParams as Params
from edgevoice.realtime.session import AudioFormat, AudioOutput, VoiceId
from edgevoice.relay.carrying.sound_format import OutgoingSound, checked
from edgevoice.relay.state import SessionState


class AnswerWriter:
    def __init__(self, state: SessionState, params: Params, speak: bool) -> None:
        self._state = state
        self._params = params
        self._speak = speak
        self._in_conversation = params.conversation != "none"
        self._output = audio_output(state, params)
        self._closed: list[Item] = []
        self._message_id = ""
        self._sound = OutgoingSound(self._output.format)
        self.response_id = state.new_id("resp")

    def created(self) -> None:
        self._state.publish(says.ResponseCreated(response=self._response("in_progress")))

    def open_message(self) -> str:
        """Begin the next message; returns its item id."""
        self._message_id = self._state.new_id("item")
        self._add(self._message("", "in_progress", ()))
        self._state.publish(
            says.ResponseContentPartAdded(part=self._part(""), **self._place(), content_index=0)
        )
        return self._message_id

    def delta(self, text: str) -> None:
        place = {**self._place(), "content_index": 0, "delta": text}
        if self._speak:
            self._state.publish(says.ResponseOutputAudioTranscriptDelta(**place))
        else:
            self._state.publish(says.ResponseOutputTextDelta(**place))

    def audio(self, samples: Samples) -> None:
        """24 kHz, of the message that is open; nothing is said of it where media carries it."""
        self._state.has_spoken = True
        if self._state.sound_in_events:
            self._audio_deltas(self._sound.push(samples))

    def close_message(self, text: str, status: str) -> None:
        place = {**self._place(), "content_index": 0}
        if self._speak:
            if self._state.sound_in_events:
                self._audio_deltas(self._sound.finish())
            self._state.publish(says.ResponseOutputAudioDone(**place))
            self._state.publish(says.ResponseOutputAudioTranscriptDone(**place, transcript=text))
        else:
            self._state.publish(says.ResponseOutputTextDone(**place, text=text))
        self._state.publish(says.ResponseContentPartDone(**place, part=self._part(text)))
        self._finish(self._message(text, status, (self._content(text),)))
        self._message_id = ""

    def function_call(self, name: str, arguments: str) -> None:
        """A whole call at once: engines do not produce them in pieces."""
        item = FunctionCall(
            name,
            "",
            self._state.new_id("call"),
            id=self._state.new_id("item"),
            object="realtime.item",
            status="in_progress",
        )
        place: dict[str, Any] = {
            "response_id": self.response_id,
            "item_id": item.id,
            "output_index": len(self._closed),
            "call_id": item.call_id,
        }
        self._add(item)
        self._state.publish(says.ResponseFunctionCallArgumentsDelta(**place, delta=arguments))
        self._state.publish(
            says.ResponseFunctionCallArgumentsDone(**place, name=name, arguments=arguments)
        )
        self._finish(
            FunctionCall(
                name,
                arguments,
                item.call_id,
                id=item.id,
                object="realtime.item",
                status="completed",
            )
        )

    @property
    def next_index(self) -> int:
        """Of an output item that begins when all before it are closed."""
        return len(self._closed)

    def add_item(self, item: Item, index: int) -> None:
        self._add(item, index)

    def close_item(self, item: Item, index: int) -> None:
        """In the order of their indexes."""
        self._finish(item, index)

    def done(self, status: str, details: StatusDetails | None, usage: Usage) -> None:
        self._state.publish(says.ResponseDone(response=self._response(status, details, usage)))
        if not self._state.extensions:
            # There are none of requests or tokens here; clients wait for the event itself.
            self._state.publish(says.RateLimitsUpdated(rate_limits=()))

    def _audio_deltas(self, pieces: Iterable[str]) -> None:
        place = {**self._place(), "content_index": 0}
        for piece in pieces:
            self._state.publish(says.ResponseOutputAudioDelta(**place, delta=piece))

    def _add(self, item: Item, index: int | None = None) -> None:
        index = len(self._closed) if index is None else index
        self._state.publish(
            says.ResponseOutputItemAdded(
                response_id=self.response_id, output_index=index, item=item
            )
        )
        if self._in_conversation:
            previous = self._state.last_item_id
            self._state.publish(says.ConversationItemAdded(item=item, previous_item_id=previous))

    def _finish(self, item: Item, index: int | None = None) -> None:
        index = len(self._closed) if index is None else index
        if self._in_conversation:
            previous = self._state.item_before(item.id)
            self._state.publish(says.ConversationItemDone(item=item, previous_item_id=previous))
        self._state.publish(
            says.ResponseOutputItemDone(response_id=self.response_id, output_index=index, item=item)
        )
        self._closed.append(item)

    def _place(self) -> dict[str, Any]:
        return {
            "response_id": self.response_id,
            "item_id": self._message_id,
            "output_index": len(self._closed),
        }

    def _part(self, text: str) -> ContentPart:
        return ContentPart("audio", transcript=text) if self._speak else ContentPart("text", text)

    def _content(self, text: str) -> ContentPart:
        if self._speak:
            return ContentPart("output_audio", transcript=text)
        return ContentPart("output_text", text)

    def _message(self, text: str, status: str, content: tuple[ContentPart, ...]) -> Message:
        return Message(
            "assistant", content, id=self._message_id, object="realtime.item", status=status
        )

    def _response(
        self, status: str, details: StatusDetails | None = None, usage: Usage | None = None
    ) -> Response:
        settings = self._state.settings
        voice = self._output.voice
        return Response(
            id=self.response_id,
            object="realtime.response",
            status=status,
            status_details=details,
            output=tuple(self._closed),
            conversation_id=self._state.conversation.id if self._in_conversation else None,
            output_modalities=("audio",) if self._speak else ("text",),
            max_output_tokens=self._params.max_output_tokens or settings.max_output_tokens,
            audio={
                "output": {
                    "format": msgspec.to_builtins(self._output.format),
                    "voice": voice.id if isinstance(voice, VoiceId) else voice,
                }
            },
            usage=usage,
            metadata=self._params.metadata,
        )


def audio_output(state: SessionState, params: Params) -> AudioOutput:
    """Format and voice of one response: as in the session, unless it was asked for otherwise.

    RemoteProtocolError when it was asked for what cannot be.
    """
    output = state.settings.audio.output
    asked = (params.audio or {}).get("output") or {}
    try:
        format, voice = asked.get("format"), asked.get("voice")
        if format is not None:
            wanted = msgspec.convert(format, AudioFormat)
            output = msgspec.structs.replace(
                output, format=checked(wanted, "response.audio.output.format")
            )
        if voice is not None:
            output = msgspec.structs.replace(output, voice=msgspec.convert(voice, str | VoiceId))
    except (msgspec.ValidationError, AttributeError) as error:
        raise RemoteProtocolError(f"response.audio.output: {error}") from None
    return output
