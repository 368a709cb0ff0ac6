"""The events a server sends: forty-six of OpenAI's and four of ours.

Field names are the protocol's. What a server may leave out has a default; what
it may add is ignored. `edgevoice.*` is sent only to an edgevoice device.
"""

from typing import Any

from msgspec import Struct

from edgevoice.realtime.event import Count, Event, Integer, UnknownEvent
from edgevoice.realtime.items import ContentPart, Item
from edgevoice.realtime.response import ErrorDetails, Response, Usage
from edgevoice.realtime.session import Session


class ConversationId(Struct, frozen=True, omit_defaults=True):
    id: str | None = None
    object: str | None = None


class RateLimit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str | None = None
    limit: Integer | None = None
    remaining: Integer | None = None
    reset_seconds: float | None = None


class SessionCreated(Event, frozen=True, tag="session.created"):
    session: Session


class SessionUpdated(Event, frozen=True, tag="session.updated"):
    session: Session
    """The full effective configuration."""


class Error(Event, frozen=True, tag="error"):
    error: ErrorDetails


class ConversationCreated(Event, frozen=True, tag="conversation.created"):
    conversation: ConversationId


class ConversationItemAdded(Event, frozen=True, tag="conversation.item.added"):
    item: Item
    previous_item_id: str | None = None


class ConversationItemDone(Event, frozen=True, tag="conversation.item.done"):
    item: Item
    previous_item_id: str | None = None


class ConversationItemCreated(Event, frozen=True, tag="conversation.item.created"):
    """Older servers send this in place of added and done."""

    item: Item
    previous_item_id: str | None = None


class ConversationItemRetrieved(Event, frozen=True, tag="conversation.item.retrieved"):
    item: Item


class ConversationItemDeleted(Event, frozen=True, tag="conversation.item.deleted"):
    item_id: str


class ConversationItemTruncated(Event, frozen=True, tag="conversation.item.truncated"):
    item_id: str
    content_index: Count
    audio_end_ms: Count
    heard_text: str | None = None
    """Ours: the words that were heard; OpenAI does not say, and keeps none."""


class ConversationItemInputAudioTranscriptionDelta(
    Event,
    frozen=True,
    tag="conversation.item.input_audio_transcription.delta",
):
    item_id: str
    content_index: Count | None = None
    delta: str | None = None
    logprobs: Any = None


class ConversationItemInputAudioTranscriptionCompleted(
    Event, frozen=True, tag="conversation.item.input_audio_transcription.completed"
):
    item_id: str
    content_index: Count
    transcript: str
    usage: Usage | None = None
    languages: Any = None
    logprobs: Any = None


class ConversationItemInputAudioTranscriptionFailed(
    Event, frozen=True, tag="conversation.item.input_audio_transcription.failed"
):
    item_id: str
    content_index: Count
    error: ErrorDetails


class ConversationItemInputAudioTranscriptionSegment(
    Event, frozen=True, tag="conversation.item.input_audio_transcription.segment"
):
    item_id: str
    content_index: Count
    id: str
    start: float
    end: float
    speaker: str
    text: str


class InputAudioBufferSpeechStarted(Event, frozen=True, tag="input_audio_buffer.speech_started"):
    item_id: str
    audio_start_ms: Integer
    """Includes the prefix padding."""


class InputAudioBufferSpeechStopped(Event, frozen=True, tag="input_audio_buffer.speech_stopped"):
    item_id: str
    audio_end_ms: Integer


class InputAudioBufferCommitted(Event, frozen=True, tag="input_audio_buffer.committed"):
    item_id: str
    previous_item_id: str | None = None


class InputAudioBufferCleared(Event, frozen=True, tag="input_audio_buffer.cleared"):
    pass


class InputAudioBufferTimeoutTriggered(
    Event, frozen=True, tag="input_audio_buffer.timeout_triggered"
):
    item_id: str
    audio_start_ms: Integer
    audio_end_ms: Integer


class InputAudioBufferDtmfEventReceived(
    Event, frozen=True, tag="input_audio_buffer.dtmf_event_received"
):
    """The one event OpenAI sends without `event_id`."""

    event: str
    received_at: Integer


class OutputAudioBufferStarted(Event, frozen=True, tag="output_audio_buffer.started"):
    response_id: str


class OutputAudioBufferStopped(Event, frozen=True, tag="output_audio_buffer.stopped"):
    """All of the answer has been sent and played out; follows response.done."""

    response_id: str


class OutputAudioBufferCleared(Event, frozen=True, tag="output_audio_buffer.cleared"):
    """Barge-in, or the client asked for it."""

    response_id: str


class ResponseCreated(Event, frozen=True, tag="response.created"):
    response: Response


class ResponseDone(Event, frozen=True, tag="response.done"):
    """Always sent, however the response ended."""

    response: Response


class RateLimitsUpdated(Event, frozen=True, tag="rate_limits.updated"):
    rate_limits: tuple[RateLimit, ...]


class ResponseOutputItemAdded(Event, frozen=True, tag="response.output_item.added"):
    response_id: str
    output_index: Count
    item: Item


class ResponseOutputItemDone(Event, frozen=True, tag="response.output_item.done"):
    response_id: str
    output_index: Count
    item: Item


class ResponseContentPartAdded(Event, frozen=True, tag="response.content_part.added"):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    part: ContentPart
    """Of type `text` or `audio`."""


class ResponseContentPartDone(Event, frozen=True, tag="response.content_part.done"):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    part: ContentPart


class ResponseOutputAudioDelta(Event, frozen=True, tag="response.output_audio.delta"):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    delta: str
    """Base64; over WebSocket only."""


class ResponseOutputAudioDone(Event, frozen=True, tag="response.output_audio.done"):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count


class ResponseOutputAudioTranscriptDelta(
    Event, frozen=True, tag="response.output_audio_transcript.delta"
):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    delta: str


class ResponseOutputAudioTranscriptDone(
    Event, frozen=True, tag="response.output_audio_transcript.done"
):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    transcript: str


class ResponseOutputTextDelta(Event, frozen=True, tag="response.output_text.delta"):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    delta: str


class ResponseOutputTextDone(Event, frozen=True, tag="response.output_text.done"):
    response_id: str
    item_id: str
    output_index: Count
    content_index: Count
    text: str


class ResponseFunctionCallArgumentsDelta(
    Event, frozen=True, tag="response.function_call_arguments.delta"
):
    response_id: str
    item_id: str
    output_index: Count
    call_id: str
    delta: str


class ResponseFunctionCallArgumentsDone(
    Event, frozen=True, tag="response.function_call_arguments.done"
):
    response_id: str
    item_id: str
    output_index: Count
    call_id: str
    name: str
    arguments: str


class McpListToolsInProgress(Event, frozen=True, tag="mcp_list_tools.in_progress"):
    item_id: str


class McpListToolsCompleted(Event, frozen=True, tag="mcp_list_tools.completed"):
    item_id: str


class McpListToolsFailed(Event, frozen=True, tag="mcp_list_tools.failed"):
    item_id: str


class ResponseMcpCallArgumentsDelta(Event, frozen=True, tag="response.mcp_call_arguments.delta"):
    response_id: str
    item_id: str
    output_index: Count
    delta: str
    obfuscation: str | None = None


class ResponseMcpCallArgumentsDone(Event, frozen=True, tag="response.mcp_call_arguments.done"):
    response_id: str
    item_id: str
    output_index: Count
    arguments: str


class ResponseMcpCallInProgress(Event, frozen=True, tag="response.mcp_call.in_progress"):
    item_id: str
    output_index: Count


class ResponseMcpCallCompleted(Event, frozen=True, tag="response.mcp_call.completed"):
    item_id: str
    output_index: Count


class ResponseMcpCallFailed(Event, frozen=True, tag="response.mcp_call.failed"):
    item_id: str
    output_index: Count


class EdgevoiceReceived(Event, frozen=True, tag="edgevoice.received"):
    """How much of the caller's audio has arrived; both ends count in 16 kHz samples."""

    samples: Count
    packets: Count
    lost: Count
    concealed: Count


class EdgevoiceResumed(Event, frozen=True, tag="edgevoice.resumed"):
    """Answers `edgevoice.resume`; what the client sent after this it must send again."""

    events: Count
    """Of the client's, received so far."""
    samples: Count
    """Of its sound, 16 kHz; sample 0 of the new transport is this one."""


class EdgevoicePong(Event, frozen=True, tag="edgevoice.pong"):
    """Answers `edgevoice.ping`."""


class EdgevoiceConversation(Event, frozen=True, tag="edgevoice.conversation"):
    """What the server holds of the conversation, directly after `session.created`."""

    conversation_id: str
    last_item_id: str = ""
    """Empty: nothing."""
    digest: str = ""
    """Of everything up to that item; see `Conversation.digest`."""


ServerEvent = (
    SessionCreated
    | SessionUpdated
    | Error
    | ConversationCreated
    | ConversationItemAdded
    | ConversationItemDone
    | ConversationItemCreated
    | ConversationItemRetrieved
    | ConversationItemDeleted
    | ConversationItemTruncated
    | ConversationItemInputAudioTranscriptionDelta
    | ConversationItemInputAudioTranscriptionCompleted
    | ConversationItemInputAudioTranscriptionFailed
    | ConversationItemInputAudioTranscriptionSegment
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | InputAudioBufferCommitted
    | InputAudioBufferCleared
    | InputAudioBufferTimeoutTriggered
    | InputAudioBufferDtmfEventReceived
    | OutputAudioBufferStarted
    | OutputAudioBufferStopped
    | OutputAudioBufferCleared
    | ResponseCreated
    | ResponseDone
    | RateLimitsUpdated
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseOutputAudioDelta
    | ResponseOutputAudioDone
    | ResponseOutputAudioTranscriptDelta
    | ResponseOutputAudioTranscriptDone
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | McpListToolsInProgress
    | McpListToolsCompleted
    | McpListToolsFailed
    | ResponseMcpCallArgumentsDelta
    | ResponseMcpCallArgumentsDone
    | ResponseMcpCallInProgress
    | ResponseMcpCallCompleted
    | ResponseMcpCallFailed
    | EdgevoiceReceived
    | EdgevoiceResumed
    | EdgevoicePong
    | EdgevoiceConversation
    | UnknownEvent
)
