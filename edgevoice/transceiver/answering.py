"""The assistant's half of a session: responses, tools and the loudspeaker, and how they meet.

Keeps the facts and the order of what is sent about them. Whose turn it is, and
how long anything may take, is decided in `session.py`.
"""

from dataclasses import dataclass

from edgevoice.realtime.client_events import (
    ConversationItemTruncate,
    OutputAudioBufferClear,
    ResponseCancel,
    ResponseCreate,
)
from edgevoice.realtime.items import FunctionCall, McpApprovalRequest, McpCall, Message
from edgevoice.realtime.response import Response
from edgevoice.transceiver.actions import Action, FlushPlayout, SendEvent
from edgevoice.transceiver.playback import Playback
from edgevoice.transceiver.responses import Answer, Responses
from edgevoice.transceiver.tool_calls import ToolCalls

ALREADY_ACTIVE = "conversation_already_has_active_response"


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where an answer is to be truncated, once it is known how much was played."""

    item_id: str
    content_index: int
    heard: bool


class Answering:
    def __init__(self) -> None:
        self.playback = Playback()
        self._responses = Responses()
        self._calls = ToolCalls()
        self._stream: Answer | None = None
        self._expected: Answer | None = None
        self._cut: _Cut | None = None

    @property
    def busy(self) -> bool:
        """Something is under way that leads to an answer, or is one that is not heard yet."""
        calls, responses = self._calls, self._responses
        made = responses.awaited or responses.working or self._expected is not None
        return made or calls.owed or calls.running

    @property
    def cut_items(self) -> list[str]:
        """What is to be truncated once the loudspeaker says how much was heard."""
        return [self._cut.item_id] if self._cut else []

    @property
    def unheard_items(self) -> list[str]:
        """If all ended now: what nobody would have heard to its end."""
        playing = None if self.playback.over else self._stream
        answers = [answer for answer in (playing, self._expected) if answer is not None]
        return self.cut_items + [item for answer in answers for item, _ in answer.audio_parts]

    @property
    def awaited(self) -> bool:
        """The user's turn is over and the relay has not begun to answer."""
        return self._responses.awaited

    @property
    def tools_running(self) -> bool:
        return self._calls.running

    @property
    def farewell(self) -> bool:
        """The conversation is to end with this answer."""
        return self._calls.farewell

    @property
    def silenced(self) -> bool:
        """What still arrives is the rest of an interrupted answer."""
        return self._responses.silenced

    def await_answer(self) -> None:
        self._responses.commit()

    def expect_nothing(self) -> None:
        """There were no words to answer."""
        self._responses.give_up_waiting()

    # What the relay says.

    def created(self, response_id: str) -> list[Action]:
        """One that answers what the user has given up meanwhile is stopped at once."""
        if self._responses.created(response_id).unwanted:
            return [SendEvent(ResponseCancel(response_id=response_id))]
        return []

    def part_added(self, response_id: str, item_id: str, content_index: int) -> None:
        """Of audio."""
        answer = self._responses.find(response_id)
        if answer is not None:
            answer.has_audio = True
            answer.audio_parts = (*answer.audio_parts[-1:], (item_id, content_index))

    def done(self, response: Response) -> bool:
        """False when it failed and nobody had interrupted it."""
        answer = self._responses.done(response.id, response.status)
        answer.has_audio = answer.has_audio or _has_audio(response)
        self._calls.response_done(response.id, answer.has_audio)
        if not answer.unwanted and _is_continued(response):
            self._responses.commit()
        finished = response.status in ("completed", "incomplete")
        if finished and answer.has_audio and not (answer.was_streamed or answer.unwanted):
            self._expected = answer
        elif not finished and answer is self._stream:
            self.playback.stream_stopped()
        return answer.unwanted or not answer.failed

    def stream_started(self, response_id: str) -> None:
        """One that was interrupted before is not heard."""
        answer = self._responses.find(response_id) or Answer(response_id)
        if answer.unwanted:
            return
        answer.has_audio = answer.was_streamed = True
        self._responses.heard()
        self._stream, self._expected = answer, None
        self.playback.stream_started()

    def stream_stopped(self, response_id: str) -> None:
        if self._stream is not None and self._stream.id == response_id:
            self.playback.stream_stopped()

    def stream_cleared(self, response_id: str) -> None:
        if self._stream is not None and self._stream.id == response_id:
            self.playback.stream_cleared()

    def refused(self, event_id: str | None, code: str | None) -> bool:
        """An error event; True when it is about our `response.create`."""
        if not self._responses.refuse(event_id or ""):
            return False
        self._calls.owed = code == ALREADY_ACTIVE and bool(self._responses.active)
        return True

    # Tools.

    def call(self, response_id: str, call_id: str, name: str, arguments: str) -> list[Action]:
        answer = self._responses.find(response_id)
        wanted = answer is None or not answer.unwanted
        return self._calls.call(response_id, call_id, name, arguments, wanted)

    def tool_finished(self, call_id: str, output: str) -> list[Action]:
        return self._calls.finish(call_id, output)

    def ask_if_owed(self) -> list[Action]:
        """One `response.create` for all outputs, never beside another response."""
        if not (self._calls.owed and self._responses.free):
            return []
        self._calls.owed = False
        return self.ask()

    def ask(self) -> list[Action]:
        """For an answer to what the conversation holds."""
        return [SendEvent(ResponseCreate(event_id=self._responses.ask()))]

    # Interruption, and what was heard until then.

    def interrupt(self) -> list[Action]:
        """The user speaks: silence here. The relay stops by itself."""
        self._silence()
        return [FlushPlayout()]

    def stop(self) -> list[Action]:
        """The user pressed or said the wake word: silence here, and tell the relay."""
        active = self._silence()
        cancel = [SendEvent(ResponseCancel(response_id=response_id)) for response_id in active]
        return [FlushPlayout(), *cancel, SendEvent(OutputAudioBufferClear())]

    def flushed(self, played_ms: int) -> list[Action]:
        """What was not heard must leave the conversation."""
        cut, self._cut = self._cut, None
        if cut is None:
            return []
        heard_ms = max(0, played_ms) if cut.heard else 0
        return [
            SendEvent(
                ConversationItemTruncate(
                    item_id=cut.item_id, content_index=cut.content_index, audio_end_ms=heard_ms
                )
            )
        ]

    def playout_drained(self) -> None:
        """Also when the flush came just too late: then all of it was heard."""
        self.playback.playout_drained()
        if self._cut is not None and self._stream is None:
            self._cut = None

    def _silence(self) -> list[str]:
        self._calls.abandon()
        self._cut = self._to_be_cut()
        self._stream = self._stream if self.playback.streaming else None
        self._expected = None
        self.playback.flushed()
        return self._responses.interrupt()

    def _to_be_cut(self) -> _Cut | None:
        """Of several pieces of audio in one answer nobody knows which was being heard."""
        stream = self._stream
        if stream is None or self.playback.over or len(stream.audio_parts) != 1:
            return None
        (item_id, content_index), *_ = stream.audio_parts
        return _Cut(item_id, content_index, self.playback.heard)


def _is_continued(response: Response) -> bool:
    """The relay has run tools of its own, and answers by itself with what they brought."""
    kinds = {type(item) for item in response.output}
    is_its_own = not kinds.isdisjoint({McpCall, McpApprovalRequest})
    return is_its_own and FunctionCall not in kinds and response.status == "completed"


def _has_audio(response: Response) -> bool:
    messages = (item for item in response.output if isinstance(item, Message))
    return any(part.type == "output_audio" for item in messages for part in item.content)
