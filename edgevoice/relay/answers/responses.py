"""The assistant's side: its responses, its voice, and what became of both.

Rule 1: a response is asked for by the client, or follows a turn that the server
ended itself and that had words in it.
Rule 2: a user who begins to speak ends the response, silences its voice, and what
was not heard leaves the conversation.
Rule 3: what the relay's own tools have brought is answered by exactly one more response.
Rule 4: no question is lost: a turn that could not be answered at once (the user
went on speaking, another response was active) is owed an answer.
Rule 5: the conversation has one active response at a time. Those beside it
(`conversation: "none"`) are made at the same time, up to `MAX_ASIDES`; what sounds
waits for the voice, and is text alone if somebody is silent on purpose meanwhile.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from edgevoice.errors import EngineError, RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.client_events import (
    ConversationItemTruncate,
    OutputAudioBufferClear,
    ResponseCancel,
    ResponseCreate,
)
from edgevoice.realtime.items import ContentPart, Item, ItemReference, Message
from edgevoice.realtime.response import ResponseParams as Params
from edgevoice.relay.answers.answer import Answer
from edgevoice.relay.answers.retention import retained
from edgevoice.relay.answers.voice import Voice
from edgevoice.relay.engines.engine import Answerer, Request, Utterance
from edgevoice.relay.state import SessionState
from edgevoice.relay.tool_use.approvals import Approvals
from edgevoice.relay.tool_use.engine_items import engine_items
from edgevoice.relay.tool_use.follow_ups import FollowUps
from edgevoice.relay.tool_use.offered_tools import Offered, choice_for, offer
from edgevoice.relay.tool_use.relay_calls import RelayCalls
from edgevoice.relay.tool_use.toolbox import NoTools, Toolbox
from edgevoice.relay.turns.user_turns import UserTurns

MAX_ASIDES = 4
"""Responses of one session that are made beside its conversation at a time."""


class Responses:
    def __init__(
        self,
        state: SessionState,
        engine: Answerer,
        turns: UserTurns,
        voice: Voice,
        on_settled: Callable[[], None],
        aside: Answerer,
        box: Toolbox | None = None,
    ) -> None:
        """`aside`: what makes the responses beside the conversation; `box`: the relay's tools for
        this caller."""
        self._state = state
        self._engine = engine
        self._aside_engine = aside
        self._turns = turns
        self._voice = voice
        self._on_settled = on_settled
        self._box = box or NoTools()
        self._approvals = Approvals()
        self._calls = RelayCalls(self._box, self._approvals)
        self._more = FollowUps()
        self._active: Answer | None = None
        self._asides: dict[str, Answer] = {}
        self._sounding: dict[str, Answer] = {}
        self._owed = False
        self.count = 0

    @property
    def busy(self) -> bool:
        """Something is being made or spoken."""
        making = self._active is not None or bool(self._asides)
        return making or self._voice.response_id is not None

    # What the user's turns lead to.

    def answer(self, transcript: str) -> None:
        """A turn that is to be answered is recognised."""
        self._owed = self._owed or bool(transcript.strip())
        if self._owed:
            self._settle_debt()
        else:
            self._on_settled()

    def foreseen(self, utterance: Utterance, transcript: str) -> Request | None:
        """What would be asked if the turn ended with these words; None: not at once."""
        if self._active is not None or self._approvals.is_waiting:
            return None
        said = Message(
            "user",
            (ContentPart("input_audio", transcript=transcript),),
            id=utterance.item_id,
            object="realtime.item",
            status="completed",
        )
        items = (*self._state.conversation.heard_items(), said)
        speak = "audio" in self._state.settings.output_modalities
        return self._request(Params(), speak, items, utterance)

    def heard(self, words: str) -> None:
        """The user said or wrote this; it may be the yes that a tool waits for."""
        if words.strip():
            self._approvals.hear(words, self._more.is_asked, _now())
            self._more.begin_anew()

    def begin_anew(self) -> None:
        """The client has put something into the conversation, and may want an answer to it."""
        self._more.begin_anew()

    def expect_decision(self, request_id: str) -> None:
        """RemoteProtocolError when nothing (any more) waits for an answer to this request."""
        self._approvals.expect(request_id, _now())

    def decide(self, request_id: str, approve: bool) -> None:
        """The client's answer for the user."""
        self._approvals.decide(request_id, approve, _now())
        if approve:
            self.owe()

    def owe(self) -> None:
        """The conversation ends with a question that nobody has answered."""
        self._owed = True
        self._settle_debt()

    def prompt(self) -> None:
        """Nobody has spoken for long: the user is asked to go on."""
        if self._active is None and not self._turns.speaking:
            self._begin(Params(), None, silence=True)

    def fail(self, error: EngineError) -> None:
        """A turn could not be recognised: the client gets a failed response, not silence."""
        if self._active is None:
            answer = self._new_answer(Params())
            answer.announce()
            answer.fail(error)

    def interrupt(self) -> None:
        """The user began to speak."""
        detection = self._state.settings.audio.input.turn_detection
        if detection is None or not detection.interrupt_response:
            return
        cut = self._voice.cut()
        active = self._active
        if active is not None and active.params == Params():
            heard = cut is not None and cut[0] == active.id and cut[1] > 0
            self._owed = self._owed or not heard
        self._silence(cut, "turn_detected", active)

    # What the client asks for.

    def create(self, event: ResponseCreate) -> None:
        params = event.response or Params()
        if params == Params() and self._more.is_made_already(_now()):
            return
        if self._refuses(params, event.event_id):
            return
        try:
            context = None if params.input is None else self._resolved(params.input)
        except RemoteProtocolError as error:
            self._state.outbox.refuse(
                str(error), code="item_not_found", param="response.input", event_id=event.event_id
            )
            return
        self._more.begin_anew()
        self._begin(params, context)

    def cancel(self, event: ResponseCancel) -> None:
        active = self._active
        if active is not None and event.response_id in (None, active.id):
            self._owed = False
        else:
            active = self._asides.get(event.response_id or "")
        if active is None:
            self._state.outbox.refuse(
                "there is no such active response to cancel",
                code="response_cancel_not_active",
                event_id=event.event_id,
            )
            return
        active.cancel("client_cancelled")

    def clear_output(self, event: OutputAudioBufferClear) -> None:
        """Silence; an answer that is still being made ends too, for nobody would hear it."""
        self._owed = False
        active = self._active
        self._silence(
            self._voice.cut(), "client_cancelled", active if active and active.speak else None
        )

    def truncate(self, event: ConversationItemTruncate) -> None:
        """The client knows better what was played; never more than was sent."""
        conversation = self._state.conversation
        try:
            conversation.check_truncation(event.item_id, event.content_index, event.audio_end_ms)
        except RemoteProtocolError as error:
            self._state.outbox.refuse(
                str(error), code="invalid_value", param="item_id", event_id=event.event_id
            )
            return
        answer = self._answer_with(event.item_id)
        end_ms, heard = event.audio_end_ms, ""
        if answer is not None:
            spoken = answer.spoken[event.item_id]
            if end_ms > spoken.end_ms and not self._state.extensions:
                raise RemoteProtocolError(
                    f"audio_end_ms: audio content of {spoken.end_ms} ms is already shorter than"
                    f" {end_ms} ms"
                )
            end_ms = spoken.cut(min(end_ms, answer.sent_ms - spoken.offset_ms))
            heard = spoken.heard
        conversation.truncate(event.item_id, event.content_index, end_ms, heard)
        self._truncated(event.item_id, end_ms, heard, event.content_index)

    # How it is done.

    def _begin(
        self, params: Params, context: tuple[Item, ...] | None, *, silence: bool = False
    ) -> None:
        self._owed = False
        answer = self._new_answer(params)

        async def prepare() -> Request:
            await self._turns.recognised()
            items = self._state.conversation.heard_items() if context is None else context
            utterance = None if silence else self._utterance(items)
            answer.offered = self._offer(answer.params)
            request = self._request(answer.params, answer.speak, items, utterance)
            return replace(request, silence=silence)

        answer.begin(prepare)

    def _refuses(self, params: Params, event_id: str) -> bool:
        """There are too many already; the client is told."""
        if params.conversation == "none":
            full = len(self._asides) >= MAX_ASIDES
            code, what = "too_many_active_responses", f"{MAX_ASIDES} responses are"
        else:
            full = self._active is not None
            code, what = "conversation_already_has_active_response", "a response is"
        if full:
            message = f"{what} being made; wait for response.done before creating a new one"
            self._state.outbox.refuse(message, code=code, event_id=event_id)
        return full

    def _new_answer(self, params: Params) -> Answer:
        aside = params.conversation == "none"
        engine = self._aside_engine if aside else self._engine
        answer = Answer(self._state, engine, self._voice, self._calls, params, self._done)
        if aside:
            self._asides[answer.id] = answer
        else:
            self._active = answer
        self._forget_old_answers()
        self.count += 1
        self._sounding[answer.id] = answer
        return answer

    def _done(self, answer: Answer) -> None:
        if self._asides.pop(answer.id, None) is None:
            self._active = None
            if self._more.done(answer, _now()):
                self._owed = True
        self._settle_debt()
        if not self.busy:
            self._on_settled()

    def _settle_debt(self) -> None:
        """Answer what is owed, unless the user is speaking again or an answer is being made."""
        if self._owed and self._active is None and not self._turns.speaking:
            self._begin(self._more.next(), None)

    def _silence(self, cut: tuple[str, int] | None, reason: str, active: Answer | None) -> None:
        """After the voice was cut: end the active answer too, and tell what was not heard."""
        shortened: list[tuple[Answer, str, int]] = []
        if cut is not None and (sounding := self._sounding.get(cut[0])) is not None:
            shortened = [(sounding, *end) for end in sounding.cut(cut[1])]
        if active is not None:
            active.cancel(reason)
        if cut is not None:
            self._state.publish(says.OutputAudioBufferCleared(response_id=cut[0]))
        for answer, item_id, end_ms in shortened:
            if answer.in_conversation:
                self._truncated(item_id, end_ms, answer.spoken[item_id].heard)

    def _truncated(self, item_id: str, end_ms: int, heard: str, content_index: int = 0) -> None:
        self._state.publish(
            says.ConversationItemTruncated(
                item_id=item_id,
                content_index=content_index,
                audio_end_ms=end_ms,
                heard_text=heard,
            )
        )

    def _request(
        self, params: Params, speak: bool, items: tuple[Item, ...], utterance: Utterance | None
    ) -> Request:
        settings, instructions = self._state.settings, params.instructions
        choice = settings.tool_choice if params.tool_choice is None else params.tool_choice
        offered = self._offer(params)
        return Request(
            items=engine_items(retained(items, settings.truncation), offered),
            instructions=settings.instructions if instructions is None else instructions,
            tools=offered.functions,
            tool_choice=self._more.choice(choice_for(choice, offered)),
            speak=speak,
            utterance=utterance,
            foreign=frozenset(offered.ours),
        )

    def _offer(self, params: Params) -> Offered:
        """Nobody sees what becomes of a call outside the conversation, so none is made there."""
        named = params.tools
        tools = self._state.settings.tools if named is None else named
        box = NoTools() if params.conversation == "none" else self._box
        return offer(tools, box, named_only=named is not None)

    def _utterance(self, items: tuple[Item, ...]) -> Utterance | None:
        """The last turn, if it was spoken and is what is being answered."""
        said = [item.id for item in items if isinstance(item, Message) and item.role == "user"]
        last = self._turns.last_utterance
        return last if last is not None and said[-1:] == [last.item_id] else None

    def _resolved(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        retrieve = self._state.conversation.retrieve
        return tuple(retrieve(i.id) if isinstance(i, ItemReference) else i for i in items)

    def _answer_with(self, item_id: str) -> Answer | None:
        found = (answer for answer in self._sounding.values() if item_id in answer.spoken)
        return next(found, None)

    def _forget_old_answers(self) -> None:
        """Keep those being made, that sound, or whose words are still in the conversation."""
        held = {item.id for item in self._state.conversation.items}
        self._sounding = {
            response_id: answer
            for response_id, answer in self._sounding.items()
            if not answer.done
            or response_id == self._voice.response_id
            or not held.isdisjoint(answer.spoken)
        }


def _now() -> float:
    return asyncio.get_running_loop().time()
