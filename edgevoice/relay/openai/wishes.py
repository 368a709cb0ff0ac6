"""What each of the client's events does: some of it here, some of it at the server."""

from typing import TYPE_CHECKING

import msgspec

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Item, Message
from edgevoice.realtime.response import ErrorDetails, ResponseParams
from edgevoice.relay.carrying.sound_format import IncomingSound
from edgevoice.relay.openai.dialect import OURS
from edgevoice.relay.session_settings import updated
from edgevoice.relay.tool_use.offered_tools import check
from edgevoice.relay.tool_use.tool_lists import ToolLists
from edgevoice.relay.tool_use.toolbox import Toolbox
from edgevoice.relay.turns.detection import turn_rules
from edgevoice.relay.turns.wake_phrase import WakePhrase

if TYPE_CHECKING:
    from edgevoice.relay.openai.brain import UpstreamBrain

MAX_ID_CHARS = 64
MOST_ASKED = 32
ROLES = ("user", "system", "assistant")
LOOK_BACK = CAPTURE_RATE_HZ
"""As a brain of our own does when detection is switched on; see hearing.py."""


class Wishes:
    def __init__(self, brain: "UpstreamBrain", box: Toolbox) -> None:
        self._brain = brain
        self._state = brain.state
        self._box = box
        self._lists = ToolLists(brain.state, box)
        self._sound = IncomingSound()
        self._asked: dict[str, tuple[str, bool]] = {}
        """By the server's name for a `response.create`: the client's own, and whether the answer
        is to stay outside the conversation."""
        self.media_flows = False
        """This transport carries sound; appending more of it would make two streams of one."""

    def obey(self, event: asks.ClientEvent) -> None:
        try:
            self._obey(event)
        except RemoteProtocolError as error:
            self._state.outbox.refuse(str(error), code="invalid_value", event_id=event.event_id)

    def refused(self, error: ErrorDetails) -> ErrorDetails | None:
        """The server refuses a `response.create`: the error as the client may know it."""
        if error.event_id not in self._asked:
            return None
        name, beside = self._asked.pop(error.event_id)
        self._brain.asides -= int(beside)
        return msgspec.structs.replace(error, event_id=name or None)

    def _obey(self, event: asks.ClientEvent) -> None:
        match event:
            case asks.SessionUpdate():
                self._update_session(event)
            case asks.InputAudioBufferAppend():
                self._append(event)
            case asks.InputAudioBufferCommit():
                self._commit(event)
            case asks.InputAudioBufferClear():
                self._clear(event)
            case asks.ConversationItemCreate():
                self._create_item(event)
            case asks.ConversationItemRetrieve():
                self._retrieve_item(event)
            case asks.ConversationItemDelete():
                self._delete_item(event)
            case asks.EdgevoiceWake(name=name, start_sample=start, end_sample=end) if (
                self._state.extensions
            ):
                self._expect(WakePhrase(name, start, end))
            case asks.EdgevoiceResume():
                raise RemoteProtocolError("only a client that names its version can resume")
            case asks.EdgevoicePing() | asks.EdgevoiceWake() | UnknownEvent():
                raise RemoteProtocolError(f"there is no event of type {event.type[:60]!r}")
            case _:
                self._obey_about_answers(event)

    def _obey_about_answers(self, event: asks.ClientEvent) -> None:
        brain = self._brain
        match event:
            case asks.ConversationItemTruncate():
                self._truncate(event)
            case asks.ResponseCreate():
                self._respond(event)
            case asks.ResponseCancel():
                self._cancel(event)
            case asks.OutputAudioBufferClear():
                if self._state.sound_in_events:
                    raise RemoteProtocolError(
                        "there is no output buffer over WebSocket; send response.cancel, and"
                        " conversation.item.truncate with what was played"
                    )
                brain.silence()
                if brain.answers.is_active:
                    own = asks.ResponseCancel(event_id=f"{OURS}cancel")
                    brain.send(brain.link.dialect.cancel(own))  # it may be over, or cancelled

    # The session.

    def _update_session(self, event: asks.SessionUpdate) -> None:
        settings = updated(self._state, event.session)
        check(settings.tools, self._box)
        rules = turn_rules(settings.audio.input.turn_detection)
        was_deaf = self._state.settings.audio.input.turn_detection is None
        self._state.settings = settings
        brain = self._brain
        if rules is not None and was_deaf:
            brain.link.clearings.append(False)
            brain.link.uplink.finish()
            brain.send(brain.link.dialect.clear())
        patch = event.session
        if "tools" in patch or "tool_choice" in patch:
            shown = brain.tools.settings()
            patch = {**patch, "tools": list(shown.tools), "tool_choice": shown.tool_choice}
        told = brain.link.dialect.change(patch, event.event_id)
        if told is not None:
            brain.send(told)
        if rules is not None and was_deaf:
            brain.hear_again(LOOK_BACK)
        self._state.publish(says.SessionUpdated(session=settings))
        self._lists.tell(settings.tools)

    def _expect(self, wake: WakePhrase) -> None:
        rules = turn_rules(self._state.settings.audio.input.turn_detection)
        if rules is not None:
            self._brain.expect(wake, rules)

    # Sound.

    def _append(self, event: asks.InputAudioBufferAppend) -> None:
        """Sound by event: for clients whose call carries no audio."""
        if self.media_flows:
            raise RemoteProtocolError("audio: this call's sound comes as RTP; append none to it")
        samples = self._sound.push(self._state.settings.audio.input.format, event.audio)
        self._brain.append(samples)

    def _commit(self, event: asks.InputAudioBufferCommit) -> None:
        brain = self._brain
        brain.link.uplink.finish()
        brain.commits += 1
        brain.send(brain.link.dialect.commit(event.event_id))

    def _clear(self, event: asks.InputAudioBufferClear) -> None:
        """Acknowledged by the server; `event_id` is named there when it cannot."""
        brain = self._brain
        brain.questions.cleared(brain.hearing.end)
        brain.link.uplink.flush()
        brain.link.clearings.append(True)
        brain.send(brain.link.dialect.clear(event.event_id))

    # The conversation, which is ours.

    def _create_item(self, event: asks.ConversationItemCreate) -> None:
        brain, conversation = self._brain, self._state.conversation
        item = self._named(event.item)
        known = self._state.extensions and conversation.says(item)
        if known:
            previous = self._state.item_before(item.id)
        else:
            previous = conversation.insert(item, event.previous_item_id)
        if item.id not in brain.link.seeded:
            brain.link.seeded.add(item.id)
            brain.send(brain.link.dialect.seed(item, event.previous_item_id, event.event_id))
        for tell in (says.ConversationItemAdded, says.ConversationItemDone):
            self._state.publish(tell(item=item, previous_item_id=previous))

    def _named(self, item: Item) -> Item:
        if not isinstance(item, Message | FunctionCall | FunctionCallOutput):
            raise RemoteProtocolError(f"item.type: {item.type[:60]!r} is of no use here")
        if isinstance(item, Message) and (item.role not in ROLES or not item.content):
            raise RemoteProtocolError(
                "item: a message has a role (user, system, assistant) and content"
            )
        if len(item.id) > MAX_ID_CHARS:
            raise RemoteProtocolError(f"item.id: longer than {MAX_ID_CHARS} characters")
        named = item.id or self._state.new_id("item")
        return msgspec.structs.replace(item, id=named, object="realtime.item", status="completed")

    def _retrieve_item(self, event: asks.ConversationItemRetrieve) -> None:
        try:
            found = self._lists.find(event.item_id)
            item = found or self._state.conversation.retrieve(event.item_id)
        except RemoteProtocolError as error:
            self._no_such_item(error, event.event_id)
            return
        self._state.publish(says.ConversationItemRetrieved(item=item))

    def _delete_item(self, event: asks.ConversationItemDelete) -> None:
        try:
            self._state.conversation.delete(event.item_id)
        except RemoteProtocolError as error:
            self._no_such_item(error, event.event_id)
            return
        brain = self._brain
        brain.send(brain.link.dialect.delete(event.item_id))
        self._state.publish(says.ConversationItemDeleted(item_id=event.item_id))

    def _no_such_item(self, error: RemoteProtocolError, event_id: str) -> None:
        self._state.outbox.refuse(
            str(error), code="item_not_found", param="item_id", event_id=event_id
        )

    def _truncate(self, event: asks.ConversationItemTruncate) -> None:
        brain = self._brain
        cut = brain.answers.truncate(event.item_id, event.content_index, event.audio_end_ms)
        brain.send(brain.link.dialect.truncate(cut.item_id, cut.content_index, cut.end_ms))

    # Answers.

    def _respond(self, event: asks.ResponseCreate) -> None:
        brain = self._brain
        if event.response in (None, ResponseParams()) and brain.tools.is_answered(brain.now()):
            return
        if event.response is not None and event.response.tools is not None:
            functions = brain.tools.functions(event.response.tools)
            narrowed = msgspec.structs.replace(event.response, tools=functions)
            event = msgspec.structs.replace(event, response=narrowed)
        name = self._state.new_id("ask")
        beside = event.response is not None and event.response.conversation == "none"
        self._asked[name] = event.event_id, beside
        brain.asides += int(beside)
        if len(self._asked) > MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        if not brain.answers.is_active and not beside:
            brain.questions.asked()
        brain.send(brain.link.dialect.respond(msgspec.structs.replace(event, event_id=name)))
        brain.stall_watch()

    def _cancel(self, event: asks.ResponseCancel) -> None:
        brain = self._brain
        if not brain.answers.is_active:
            self._state.outbox.refuse(
                "there is no such active response to cancel",
                code="response_cancel_not_active",
                event_id=event.event_id,
            )
            return
        brain.questions.answered()
        brain.send(brain.link.dialect.cancel(event))
