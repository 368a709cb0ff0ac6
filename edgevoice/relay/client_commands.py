"""What each of the client's events does; refusals name the event they answer."""

import msgspec

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.items import (
    McpApprovalResponse,
    Message,
)
from edgevoice.relay.answers.responses import Responses
from edgevoice.relay.carrying.sound_format import IncomingSound
from edgevoice.relay.session_settings import spoken_at_one_speed, updated
from edgevoice.relay.state import SessionState
from edgevoice.relay.storable import MAX_ID_CHARS, sound_in, storable
from edgevoice.relay.tool_use.offered_tools import check
from edgevoice.relay.tool_use.tool_lists import ToolLists
from edgevoice.relay.tool_use.toolbox import NoTools, Toolbox
from edgevoice.relay.turns.detection import turn_rules
from edgevoice.relay.turns.hearing import Hearing
from edgevoice.relay.turns.user_turns import UserTurns
from edgevoice.relay.turns.wake_phrase import WakePhrase


class ClientCommands:
    def __init__(
        self,
        state: SessionState,
        hearing: Hearing,
        turns: UserTurns,
        responses: Responses,
        box: Toolbox | None = None,
    ) -> None:
        """`box`: the relay's tools for this client."""
        self._state = state
        self._hearing = hearing
        self._turns = turns
        self._responses = responses
        self._sound = IncomingSound()
        self._box = box or NoTools()
        self._lists = ToolLists(state, self._box)
        self._lists.tell(state.settings.tools)
        self.media_flows = False
        """This transport carries sound; appending more of it by events would make two streams of
        one."""

    def obey(self, event: asks.ClientEvent) -> None:
        try:
            self._obey(event)
        except RemoteProtocolError as error:
            self._state.outbox.refuse(str(error), code="invalid_value", event_id=event.event_id)

    def _obey(self, event: asks.ClientEvent) -> None:
        match event:
            case asks.SessionUpdate():
                self._update_session(event)
            case asks.InputAudioBufferAppend():
                self._append(event)
            case asks.InputAudioBufferCommit():
                self._commit(event)
            case asks.InputAudioBufferClear():
                self._turns.clear()
            case asks.ConversationItemCreate():
                self._create_item(event)
            case asks.ConversationItemRetrieve(item_id=item_id):
                self._retrieve_item(item_id, event.event_id)
            case asks.ConversationItemDelete(item_id=item_id):
                self._delete_item(item_id, event.event_id)
            case asks.ConversationItemTruncate():
                self._responses.truncate(event)
            case asks.ResponseCreate():
                self._create_response(event)
            case asks.ResponseCancel():
                self._responses.cancel(event)
            case asks.OutputAudioBufferClear():
                self._clear_output(event)
            case asks.EdgevoiceWake(name=name, start_sample=start, end_sample=end) if (
                self._state.extensions
            ):
                self._expect(WakePhrase(name, start, end))
            case asks.EdgevoiceResume():
                raise RemoteProtocolError("only a client that names its version can resume")
            case asks.EdgevoicePing() | asks.EdgevoiceWake() | UnknownEvent():
                raise RemoteProtocolError(f"there is no event of type {event.type[:60]!r}")

    def _update_session(self, event: asks.SessionUpdate) -> None:
        settings = spoken_at_one_speed(updated(self._state, event.session))
        rules = turn_rules(settings.audio.input.turn_detection)
        check(settings.tools, self._box)
        self._state.settings = settings
        if rules is None:
            self._turns.abandon()
        self._hearing.set_rules(rules)
        self._state.publish(says.SessionUpdated(session=settings))
        self._lists.tell(settings.tools)

    def _append(self, event: asks.InputAudioBufferAppend) -> None:
        """Sound by event: for clients whose call carries no audio."""
        if self.media_flows:
            raise RemoteProtocolError("audio: this call's sound comes as RTP; append none to it")
        samples = self._sound.push(self._state.settings.audio.input.format, event.audio)
        self._turns.receive(self._hearing.append(samples))

    def _commit(self, event: asks.InputAudioBufferCommit) -> None:
        if not self._turns.commit():
            self._state.outbox.refuse(
                "less than 100 ms of audio to commit",
                code="input_audio_buffer_commit_empty",
                event_id=event.event_id,
            )

    def _create_item(self, event: asks.ConversationItemCreate) -> None:
        """A device may tell us what we know; the words are the same, so that is no error."""
        if isinstance(event.item, McpApprovalResponse):
            self._approve(event.item, event)
            return
        item = storable(event.item, self._state.new_id)
        sound = sound_in(event.item, self._state.settings.audio.input.format)
        if self._state.extensions and self._state.conversation.says(item):
            previous = self._state.item_before(item.id)
        else:
            previous = self._state.conversation.insert(item, event.previous_item_id)
        for tell in (says.ConversationItemAdded, says.ConversationItemDone):
            self._state.publish(tell(item=item, previous_item_id=previous))
        self._responses.begin_anew()
        if sound is not None:
            self._turns.understand(item.id, sound)
        elif isinstance(item, Message) and item.role == "user":
            self._responses.heard(" ".join(part.words for part in item.content))

    def _approve(self, item: McpApprovalResponse, event: asks.ConversationItemCreate) -> None:
        """It is told before the call that it allows, or not at all."""
        item = msgspec.structs.replace(item, id=item.id or self._state.new_id("item"))
        if len(item.id) > MAX_ID_CHARS:
            raise RemoteProtocolError(f"item.id: longer than {MAX_ID_CHARS} characters")
        self._responses.expect_decision(item.approval_request_id)
        previous = self._state.conversation.insert(item, event.previous_item_id)
        for tell in (says.ConversationItemAdded, says.ConversationItemDone):
            self._state.publish(tell(item=item, previous_item_id=previous))
        self._responses.decide(item.approval_request_id, item.approve)

    def _create_response(self, event: asks.ResponseCreate) -> None:
        if self._state.settings.type != "realtime":
            raise RemoteProtocolError("a transcription session makes no responses")
        self._responses.create(event)

    def _retrieve_item(self, item_id: str, event_id: str) -> None:
        try:
            item = self._lists.find(item_id) or self._state.conversation.retrieve(item_id)
        except RemoteProtocolError as error:
            self._no_such_item(str(error), event_id)
            return
        self._state.publish(says.ConversationItemRetrieved(item=item))

    def _delete_item(self, item_id: str, event_id: str) -> None:
        try:
            self._state.conversation.delete(item_id)
        except RemoteProtocolError as error:
            self._no_such_item(str(error), event_id)
            return
        self._state.publish(says.ConversationItemDeleted(item_id=item_id))

    def _no_such_item(self, message: str, event_id: str) -> None:
        self._state.outbox.refuse(
            message, code="item_not_found", param="item_id", event_id=event_id
        )

    def _clear_output(self, event: asks.OutputAudioBufferClear) -> None:
        if self._state.sound_in_events:
            raise RemoteProtocolError(
                "there is no output buffer over WebSocket; send response.cancel, and"
                " conversation.item.truncate with what was played"
            )
        self._responses.clear_output(event)

    def _expect(self, wake: WakePhrase) -> None:
        event = self._hearing.expect(wake)
        if event is not None:
            self._turns.take(event)
