"""The answers that the server makes: told to the client, played, and accounted for.

Rule 1: what was opened is closed, whatever becomes of the server.
Rule 2: the server does not know what was heard; here it is known, by what the voice has sent.
Rule 3: an answer that was silenced is heard no more, whatever still comes of it.
"""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import FunctionCall, Message
from edgevoice.realtime.response import ErrorDetails, StatusDetails
from edgevoice.relay.answers.spoken import Spoken
from edgevoice.relay.answers.voice import Voice
from edgevoice.relay.carrying.sound_format import OutgoingSound
from edgevoice.relay.openai.answer import Answer, Cut, Output, Part
from edgevoice.relay.openai.closing import closing
from edgevoice.relay.openai.dialect import decoded_sound
from edgevoice.relay.state import SessionState

MOST_MS = 300_000
"""Of one answer; 4,096 tokens are not as much. 14 MB."""
KEPT = 16
"""Answers that a client may still cut: what is older is not heard any more."""

E = TypeVar("E", says.ResponseCreated, says.ResponseDone)
OfAnswer = (
    says.ResponseOutputItemAdded
    | says.ResponseOutputItemDone
    | says.ResponseContentPartAdded
    | says.ResponseContentPartDone
    | says.ResponseOutputAudioDelta
    | says.ResponseOutputAudioDone
    | says.ResponseOutputAudioTranscriptDelta
    | says.ResponseOutputAudioTranscriptDone
    | says.ResponseOutputTextDelta
    | says.ResponseOutputTextDone
    | says.ResponseFunctionCallArgumentsDelta
    | says.ResponseFunctionCallArgumentsDone
)


class Answers:
    def __init__(self, state: SessionState, voice: Voice) -> None:
        self._state = state
        self._voice = voice
        self._answers: dict[str, Answer] = {}
        self.count = 0

    @property
    def is_active(self) -> bool:
        """The server is making one."""
        return any(not answer.is_done for answer in self._answers.values())

    @property
    def is_busy(self) -> bool:
        waits = any(answer.pending for answer in self._answers.values())
        return self.is_active or waits or self._voice.response_id is not None

    # What the server says.

    def begin(self, event: says.ResponseCreated, *, beside: bool) -> None:
        """`beside`: it stays out of the conversation, as the client wants it."""
        event = self._in_our_conversation(event, beside)
        self.count += 1
        self._answers[event.response.id] = Answer(event.response.id, event, not beside)
        for answer in list(self._answers.values())[:-KEPT]:
            if answer.is_done and answer.id != self._voice.response_id:
                del self._answers[answer.id]
        self._state.publish(event)

    def take(self, event: OfAnswer) -> None:
        answer = self._answers.get(event.response_id)
        if answer is None or answer.is_done:
            return
        self._follow(answer, event)
        if not isinstance(event, says.ResponseOutputAudioDelta):
            self._state.publish(event)

    def finish(self, event: says.ResponseDone) -> bool:
        """True: it is a part of the conversation."""
        answer = self._answers.get(event.response.id)
        if answer is None or answer.is_done:
            return False
        answer.is_done = True
        if event.response.status == "completed":
            for _, part in answer.parts():
                part.spoken.complete = True
        self._state.publish(self._in_our_conversation(event, not answer.in_conversation))
        if answer.is_sounding and self._voice.response_id == answer.id:
            self._voice.end()
        return answer.in_conversation

    # What is not heard.

    def silence(self) -> list[Cut]:
        """At once; what was heard of those that it cuts. Told to the client already."""
        cut = self._voice.cut()
        cuts: list[Cut] = []
        for answer in self._answers.values():
            if cut is not None and cut[0] == answer.id:
                cuts += self._silence(answer, cut[1])
            elif answer.pending or not answer.is_done:
                is_told = self._state.sound_in_events
                cuts += self._silence(answer, answer.duration_ms if is_told else 0)
        if cut is not None:
            self._state.publish(says.OutputAudioBufferCleared(response_id=cut[0]))
        for each in cuts:
            self._state.publish(each.event)
        return cuts

    def truncate(self, item_id: str, content_index: int, end_ms: int) -> Cut:
        """The client knows better what was played. RemoteProtocolError when there is no such."""
        cut = Cut(item_id, content_index, end_ms, "")
        for answer in self._answers.values():
            output = answer.outputs.get(item_id)
            part = output.parts.get(content_index) if output else None
            if part is not None:
                if end_ms > part.spoken.end_ms and not self._state.extensions:
                    raise RemoteProtocolError(
                        f"audio_end_ms: audio content of {part.spoken.end_ms} ms is already"
                        f" shorter than {end_ms} ms"
                    )
                sent_ms = self._sent_ms(answer) - part.spoken.offset_ms
                end_ms = part.spoken.cut(min(end_ms, sent_ms))
                cut = Cut(item_id, content_index, end_ms, part.spoken.heard)
        self._state.conversation.truncate(item_id, content_index, cut.end_ms, cut.heard)
        self._state.publish(cut.event)
        return cut

    def fail(self, reason: str, code: str = "upstream_lost") -> None:
        """There will be no more of any; one that is whole is played to its end."""
        unfinished = [answer for answer in self._answers.values() if not answer.is_done]
        if any(self._voice.response_id in (None, answer.id) for answer in unfinished):
            self.silence()
        error = ErrorDetails(type="server_error", code=code, message=reason)
        details = StatusDetails(type="failed", error=error)
        for answer in unfinished:
            self._forget_sound(answer)
            for event in closing(answer, details):
                self._state.publish(event)
            answer.is_done = True

    # How it is done.

    def _follow(self, answer: Answer, event: OfAnswer) -> None:
        match event:
            case says.ResponseOutputItemAdded(item=item, output_index=index):
                answer.outputs[item.id] = Output(item, index)
            case says.ResponseOutputItemDone(item=item):
                if (output := answer.outputs.get(item.id)) is not None:
                    output.item, output.is_open = item, False
            case says.ResponseFunctionCallArgumentsDone(item_id=item_id, arguments=arguments):
                output = answer.outputs.get(item_id)
                if output is not None and isinstance(output.item, FunctionCall):
                    output.item = msgspec.structs.replace(output.item, arguments=arguments)
            case says.ResponseFunctionCallArgumentsDelta():
                pass
            case _:
                self._follow_part(answer, event)

    def _follow_part(self, answer: Answer, event: OfAnswer) -> None:
        assert not isinstance(event, says.ResponseOutputItemAdded | says.ResponseOutputItemDone)
        output = answer.outputs.get(event.item_id)
        if output is None or not isinstance(output.item, Message):
            return
        index = getattr(event, "content_index", 0)
        if isinstance(event, says.ResponseContentPartAdded):
            is_audio = event.part.type.endswith("audio")
            output.parts[index] = Part(index, is_audio, Spoken(answer.duration_ms))
        part = output.parts.get(index)
        if part is None:
            return
        match event:
            case says.ResponseOutputAudioTranscriptDelta(delta=text):
                part.spoken.add_text(text)
            case says.ResponseOutputTextDelta(delta=text):
                part.written += text
            case says.ResponseOutputAudioDelta(delta=delta):
                self._sound(answer, output, part, delta)
            case says.ResponseOutputAudioDone():
                self._tell_sound(answer, output, part, None)
            case says.ResponseContentPartDone():
                part.is_open = False
            case _:
                pass

    def _sound(self, answer: Answer, output: Output, part: Part, delta: str) -> None:
        samples = np.frombuffer(decoded_sound(delta), "<i2").astype(np.int16)
        if answer.is_silenced or answer.duration_ms > MOST_MS or not len(samples):
            return
        self._state.has_spoken = True
        part.spoken.add_audio(len(samples))
        self._tell_sound(answer, output, part, samples)
        if not answer.is_sounding:
            answer.pending.append(samples)
            answer.waiting = answer.waiting or self._state.spawn(self._begin(answer))
        elif self._voice.response_id == answer.id:
            self._voice.play(samples)

    def _tell_sound(
        self, answer: Answer, output: Output, part: Part, samples: Samples | None
    ) -> None:
        """To a client whose sound comes in events; None: there is no more of it."""
        if not self._state.sound_in_events:
            return
        wanted = self._state.settings.audio.output.format
        part.outgoing = outgoing = part.outgoing or OutgoingSound(wanted)
        for piece in outgoing.finish() if samples is None else outgoing.push(samples):
            self._state.publish(
                says.ResponseOutputAudioDelta(
                    response_id=answer.id,
                    item_id=output.item.id,
                    output_index=output.output_index,
                    content_index=part.content_index,
                    delta=piece,
                )
            )

    async def _begin(self, answer: Answer) -> None:
        await self._voice.begin(answer.id)
        answer.is_sounding = True
        for samples in answer.pending:
            self._voice.play(samples)
        answer.pending.clear()
        if answer.is_done:
            self._voice.end()

    def _silence(self, answer: Answer, at_ms: int) -> Iterator[Cut]:
        self._forget_sound(answer)
        for item_id, part in answer.parts():
            if not part.is_audio:
                continue
            end_ms = part.spoken.cut(at_ms - part.spoken.offset_ms)
            is_shorter = end_ms < part.spoken.duration_ms
            goes_on = part.is_open and not self._state.sound_in_events
            if answer.in_conversation and (is_shorter or goes_on):
                yield Cut(item_id, part.content_index, end_ms, part.spoken.heard)

    def _forget_sound(self, answer: Answer) -> None:
        answer.is_silenced = True
        answer.pending.clear()
        if answer.waiting is not None:
            answer.waiting.cancel()

    def _sent_ms(self, answer: Answer) -> int:
        if self._state.sound_in_events:
            return answer.duration_ms
        if answer.is_sounding and self._voice.response_id == answer.id:
            return self._voice.sent_ms
        return 0 if answer.pending else answer.duration_ms

    def _in_our_conversation(self, event: E, beside: bool) -> E:
        """The server has one of its own, of which nobody need know."""
        ours = None if beside else self._state.conversation.id
        return msgspec.structs.replace(
            event, response=msgspec.structs.replace(event.response, conversation_id=ours)
        )
