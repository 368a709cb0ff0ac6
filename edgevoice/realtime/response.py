"""The response object: one answer of the model, and what was asked of it."""

from typing import Any, Literal

from msgspec import Struct, field

from edgevoice.realtime.event import Integer
from edgevoice.realtime.items import Item


class CachedTokens(Struct, frozen=True, kw_only=True, omit_defaults=True):
    text_tokens: Integer | None = None
    audio_tokens: Integer | None = None
    image_tokens: Integer | None = None


class InputTokens(Struct, frozen=True, kw_only=True, omit_defaults=True):
    text_tokens: Integer | None = None
    audio_tokens: Integer | None = None
    image_tokens: Integer | None = None
    cached_tokens: Integer | None = None
    cached_tokens_details: CachedTokens | None = None


class OutputTokens(Struct, frozen=True, kw_only=True, omit_defaults=True):
    text_tokens: Integer | None = None
    audio_tokens: Integer | None = None


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a response in tokens; of a transcription in tokens or seconds (see `type`)."""

    type: str | None = None
    total_tokens: Integer | None = None
    input_tokens: Integer | None = None
    output_tokens: Integer | None = None
    input_token_details: InputTokens | None = None
    output_token_details: OutputTokens | None = None
    seconds: float | None = None


class ErrorDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong; `event_id` names the client event that caused it."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None


class StatusDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    type: str | None = None
    reason: str | None = None
    error: ErrorDetails | None = None


class Response(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`metadata` is what the client sent with `response.create`: SDKs correlate on it.

    Factories, because msgspec leaves out what equals a plain default, and clients
    want these two always.
    """

    id: str
    status: str = field(default_factory=lambda: "")
    output: tuple[Item, ...] = field(default_factory=lambda: ())
    object: str | None = None
    status_details: StatusDetails | None = None
    conversation_id: str | None = None
    output_modalities: tuple[str, ...] | None = None
    max_output_tokens: Integer | Literal["inf"] | None = None
    audio: dict[str, Any] | None = None
    usage: Usage | None = None
    metadata: dict[str, Any] | None = None


class ResponseParams(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `response.create` wants for this one response; None: as in the session."""

    output_modalities: tuple[str, ...] | None = None
    instructions: str | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    reasoning: Any = None
    max_output_tokens: Integer | Literal["inf"] | None = None
    conversation: str | None = None
    """`auto`, or `none`: the answer stays out of the conversation."""
    input: tuple[Item, ...] | None = None
    """Context instead of the conversation; may hold `ItemReference`s."""
    audio: dict[str, Any] | None = None
    prompt: Any = None
    metadata: dict[str, Any] | None = None
