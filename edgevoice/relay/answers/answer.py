"""One response: asks the engine, speaks what comes, and can be stopped at any moment."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import assert_never

from edgevoice.errors import EngineError
from edgevoice.realtime.response import ErrorDetails, StatusDetails, Usage
from edgevoice.realtime.response import ResponseParams as Params
from edgevoice.relay.answers import usage
from edgevoice.relay.answers.answer_writer import AnswerWriter
from edgevoice.relay.answers.spoken import Spoken
from edgevoice.relay.answers.voice import Voice
from edgevoice.relay.engines.engine import (
    Answerer,
    Audio,
    FunctionCall,
    Part,
    Request,
    Samples,
    Text,
)
from edgevoice.relay.state import SessionState
from edgevoice.relay.tool_use.approvals import Waiting
from edgevoice.relay.tool_use.mcp_writer import McpWriter
from edgevoice.relay.tool_use.offered_tools import Offered
from edgevoice.relay.tool_use.relay_calls import RelayCalls

LEAD_MS = 20_000
"""An engine may be this far ahead of what has been sent; then it waits. 1 MB of sound."""
LOOK_MS = 500
"""A client that reads more slowly than the sound is long, or is away, is waited for."""


class Answer:
    def __init__(
        self,
        state: SessionState,
        engine: Answerer,
        voice: Voice,
        calls: RelayCalls,
        params: Params,
        on_done: Callable[["Answer"], None],
    ) -> None:
        asked = params.output_modalities or state.settings.output_modalities
        self.speak = "audio" in asked
        self.params = params
        self.done = False
        self.spoken: dict[str, Spoken] = {}
        """What was said in each message, by item id."""
        self._state = state
        self._engine = engine
        self._voice = voice
        self._calls = calls
        self._called: list[FunctionCall] = []
        """Tools that the relay is to run once the engine has finished."""
        self.offered = Offered()
        self.calls_made = 0
        """By the relay."""
        self.wants_more = False
        """The relay has done what the engine asked for, and the engine is to go on."""
        self._on_done = on_done
        self._writer = AnswerWriter(state, params, self.speak)
        self._mcp_writer = McpWriter(state, self._writer)
        self._task: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._message: Spoken | None = None
        self._text: list[str] = []
        self._written: list[str] = []
        self._sounding = False
        self._client_calls = 0

    @property
    def id(self) -> str:
        return self._writer.response_id

    @property
    def sent_ms(self) -> int:
        """How much of it has left for the client's loudspeaker."""
        if self._sounding and self._voice.response_id == self.id:
            return self._voice.sent_ms
        return self.duration_ms

    @property
    def duration_ms(self) -> int:
        return sum(spoken.duration_ms for spoken in self.spoken.values())

    @property
    def in_conversation(self) -> bool:
        return self.params.conversation != "none"

    @property
    def is_heard(self) -> bool:
        """Some of its words were."""
        return any(spoken.heard for spoken in self.spoken.values())

    def announce(self) -> None:
        self._writer.created()

    def begin(self, prepare: Callable[[], Awaitable[Request]]) -> None:
        self.announce()
        self._task = self._state.spawn(self._run(prepare))

    def cancel(self, reason: str) -> None:
        """Close it now; the engine learns by the end of the iteration. Cut the voice before."""
        if self._task is not None:
            self._task.cancel()
        self._finish("cancelled", StatusDetails(type="cancelled", reason=reason))

    def fail(self, error: EngineError) -> None:
        """There will be no answer, and the client sees why."""
        details = ErrorDetails(type="server_error", code="engine_error", message=str(error))
        self._finish("failed", StatusDetails(type="failed", error=details))

    def cut(self, at_ms: int) -> list[tuple[str, int]]:
        """Only this much was heard; the messages that lost something, and where they end now."""
        shortened = []
        for item_id, spoken in self.spoken.items():
            end_ms = spoken.cut(at_ms - spoken.offset_ms)
            if end_ms < spoken.duration_ms:
                shortened.append((item_id, end_ms))
        return shortened

    async def _run(self, prepare: Callable[[], Awaitable[Request]]) -> None:
        self._request = await prepare()
        approved = self._calls.approved() if self.in_conversation else None
        if approved is not None:
            return await self._run_approved(approved)
        parts = self._engine.respond(self._request)
        try:
            async for part in parts:
                if not await self._take(part):
                    details = StatusDetails(type="incomplete", reason="max_output_tokens")
                    return self._finish("incomplete", details)
        except EngineError as error:
            return self.fail(error)
        finally:
            await _close(parts)
        self._close_message("completed")
        await self._run_tools()
        return self._finish("completed", None)

    async def _run_tools(self) -> None:
        """Who asked the client for something too gets its answer through the client."""
        if not self._called:
            return
        self.calls_made = await self._calls.run(self._called, self.offered, self._mcp_writer)
        self.wants_more = self._client_calls == 0

    async def _run_approved(self, waiting: Waiting) -> None:
        """Nothing is asked of the engine: it has asked for this call before."""
        self.calls_made = await self._calls.run_approved(waiting, self._mcp_writer)
        self.wants_more = True
        self._finish("completed", None)

    async def _take(self, part: Part) -> bool:
        """Pass it on; False when the client wanted no more than it has."""
        match part:
            case Text(text):
                self._take_text(text)
            case Audio(samples):
                if self.speak:
                    await self._take_audio(samples)
            case FunctionCall(name, arguments):
                self._close_message("completed")
                self._written += [name, arguments]
                self._take_call(part)
            case _:
                assert_never(part)
        limit = self.params.max_output_tokens or self._state.settings.max_output_tokens
        return limit == "inf" or self._output_tokens() <= limit

    def _take_call(self, call: FunctionCall) -> None:
        if call.name in self.offered.ours:
            self._called.append(call)
        else:
            self._client_calls += 1
            self._writer.function_call(call.name, call.arguments)

    def _take_text(self, text: str) -> None:
        self._open_message().add_text(text)
        self._text.append(text)
        self._written.append(text)
        self._writer.delta(text)

    async def _take_audio(self, samples: Samples) -> None:
        message = self._open_message()
        if not self._sounding:
            await self._voice.begin(self.id)
            self._sounding = True
        if self._voice.response_id != self.id:
            return  # it was silenced, and goes on as text alone
        message.add_audio(len(samples))
        self._writer.audio(samples)
        self._voice.play(samples)
        await self._keep_lead()

    def _open_message(self) -> Spoken:
        if self._message is None:
            item_id = self._writer.open_message()
            self._message = self.spoken[item_id] = Spoken(self.duration_ms)
        return self._message

    def _close_message(self, status: str) -> None:
        if self._message is None:
            return
        self._message.complete = status == "completed"
        self._writer.close_message(
            self._message.heard if self.speak else "".join(self._text), status
        )
        self._message = None
        self._text.clear()

    async def _keep_lead(self) -> None:
        while self._voice.response_id == self.id:
            ahead_ms = self.duration_ms - self._voice.sent_ms - LEAD_MS
            if ahead_ms <= 0:
                return
            await asyncio.sleep(min(ahead_ms, LOOK_MS) / 1000)

    def _output_tokens(self) -> int:
        return usage.text_tokens("".join(self._written)) + self.duration_ms // 50

    def _finish(self, status: str, details: StatusDetails | None) -> None:
        self.done = True
        self._close_message("completed" if status == "completed" else "incomplete")
        self._mcp_writer.abandon()
        self._writer.done(status, details, self._usage())
        self._request = None  # the sound of a minute is 2 MB, and answers are kept for their words
        if self._sounding and self._voice.response_id == self.id:
            self._voice.end()
        self._on_done(self)

    def _usage(self) -> Usage:
        request, written = self._request, "".join(self._written)
        if request is None:
            return usage.of_response("", (), 0, written, self.duration_ms)
        user_ms = len(request.utterance.samples) // 16 if request.utterance else 0
        return usage.of_response(
            request.instructions, request.items, user_ms, written, self.duration_ms
        )


async def _close(parts: AsyncIterator[Part]) -> None:
    """Tell the engine that nothing more is wanted."""
    if isinstance(parts, AsyncGenerator):
        await parts.aclose()
