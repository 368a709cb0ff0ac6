"""The events a client sends: eleven of OpenAI's and three of ours.

Field names are the protocol's. `edgevoice.*` is sent only to an edgevoice relay.
"""

from edgevoice.realtime.event import Count, Event, UnknownEvent
from edgevoice.realtime.items import Item
from edgevoice.realtime.response import ResponseParams
from edgevoice.realtime.session import SessionPatch


class SessionUpdate(Event, frozen=True, tag="session.update"):
    session: SessionPatch


class InputAudioBufferAppend(Event, frozen=True, tag="input_audio_buffer.append"):
    audio: str
    """Base64; over WebSocket only."""


class InputAudioBufferCommit(Event, frozen=True, tag="input_audio_buffer.commit"):
    pass


class InputAudioBufferClear(Event, frozen=True, tag="input_audio_buffer.clear"):
    pass


class ConversationItemCreate(Event, frozen=True, tag="conversation.item.create"):
    item: Item
    previous_item_id: str | None = None
    """None: append; `root`: at the front."""


class ConversationItemRetrieve(Event, frozen=True, tag="conversation.item.retrieve"):
    item_id: str


class ConversationItemTruncate(Event, frozen=True, tag="conversation.item.truncate"):
    item_id: str
    content_index: Count
    audio_end_ms: Count


class ConversationItemDelete(Event, frozen=True, tag="conversation.item.delete"):
    item_id: str


class ResponseCreate(Event, frozen=True, tag="response.create"):
    response: ResponseParams | None = None


class ResponseCancel(Event, frozen=True, tag="response.cancel"):
    response_id: str | None = None


class OutputAudioBufferClear(Event, frozen=True, tag="output_audio_buffer.clear"):
    """Drop what is left of the answer; over WebRTC only."""


class EdgevoiceWake(Event, frozen=True, tag="edgevoice.wake"):
    """The next utterance begins with this wake phrase; samples count from the first sent."""

    name: str
    start_sample: Count
    end_sample: Count


class EdgevoiceResume(Event, frozen=True, tag="edgevoice.resume"):
    """First on a new transport: go on with the session where the old transport broke off.

    Both sides count the events they were sent since the session began; those of this
    exchange, pings and pongs are not counted (after XEP-0198, section 4).
    """

    events: Count
    """Of the server's, received so far; it repeats all later ones."""
    response_id: str = ""
    """The answer that was being heard, if any."""
    heard_ms: Count = 0
    """How much of it was heard; its sound goes on from there."""


class EdgevoicePing(Event, frozen=True, tag="edgevoice.ping"):
    """Answered by `edgevoice.pong`."""


ClientEvent = (
    SessionUpdate
    | InputAudioBufferAppend
    | InputAudioBufferCommit
    | InputAudioBufferClear
    | ConversationItemCreate
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | ConversationItemDelete
    | ResponseCreate
    | ResponseCancel
    | OutputAudioBufferClear
    | EdgevoiceWake
    | EdgevoiceResume
    | EdgevoicePing
    | UnknownEvent
)
