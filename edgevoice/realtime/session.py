"""The session object: how a conversation is to be heard, thought about and spoken.

`Session` is the effective configuration, complete, as `session.created` and
`session.updated` carry it: SDKs read it back. `SessionPatch` is what
`session.update` carries: absent keys keep, null and empty values clear.
`merge` makes the first from the second.
"""

from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta, Struct

from edgevoice.errors import RemoteProtocolError

Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]


class ServerVad(Struct, frozen=True, kw_only=True, tag_field="type", tag="server_vad"):
    """A turn ends after silence."""

    threshold: Fraction = 0.5
    prefix_padding_ms: Milliseconds = 300
    silence_duration_ms: Milliseconds = 500
    idle_timeout_ms: Milliseconds | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(Struct, frozen=True, kw_only=True, tag_field="type", tag="semantic_vad"):
    """A turn ends when it sounds finished; eagerness bounds the wait."""

    eagerness: str = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection = ServerVad | SemanticVad


class AudioFormat(Struct, frozen=True, omit_defaults=True):
    """Of audio inside events; media over WebRTC is Opus whatever this says."""

    type: str
    rate: int | None = None


PCM = AudioFormat("audio/pcm", 24_000)


class NoiseReduction(Struct, frozen=True, omit_defaults=True):
    type: str | None = None
    strength: float | None = None


class Transcription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    model: str | None = None
    language: str | None = None
    prompt: str | None = None
    keywords: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    delay: str | None = None


class AudioInput(Struct, frozen=True, kw_only=True):
    format: AudioFormat = PCM
    noise_reduction: NoiseReduction | None = None
    transcription: Transcription | None = None
    turn_detection: TurnDetection | None = ServerVad()


class VoiceId(Struct, frozen=True):
    """A custom voice, as OpenAI names it."""

    id: str


class AudioOutput(Struct, frozen=True, kw_only=True):
    format: AudioFormat = PCM
    voice: str | VoiceId = "alloy"
    speed: float = 1.0


class Audio(Struct, frozen=True, kw_only=True):
    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class Session(Struct, frozen=True, kw_only=True):
    type: str = "realtime"
    object: str = "realtime.session"
    id: str = ""
    model: str = ""
    output_modalities: tuple[str, ...] = ("audio",)
    instructions: str = ""
    tools: tuple[dict[str, Any], ...] = ()
    tool_choice: Any = "auto"
    parallel_tool_calls: bool | None = None
    reasoning: Any = None
    max_output_tokens: int | Literal["inf"] = "inf"
    truncation: Any = "auto"
    prompt: Any = None
    tracing: Any = None
    include: Any = None
    expires_at: int | None = None
    audio: Audio = Audio()


class TurnDetectionPatch(TypedDict, total=False):
    type: str
    threshold: Fraction | None
    prefix_padding_ms: Milliseconds | None
    silence_duration_ms: Milliseconds | None
    idle_timeout_ms: Milliseconds | None
    eagerness: str | None
    create_response: bool | None
    interrupt_response: bool | None


class AudioInputPatch(TypedDict, total=False):
    format: dict[str, Any] | None
    noise_reduction: dict[str, Any] | None
    transcription: dict[str, Any] | None
    turn_detection: TurnDetectionPatch | None


class AudioOutputPatch(TypedDict, total=False):
    format: dict[str, Any] | None
    voice: str | dict[str, Any] | None
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] | None


class AudioPatch(TypedDict, total=False):
    input: AudioInputPatch | None
    output: AudioOutputPatch | None


class SessionPatch(TypedDict, total=False):
    """What is to change; keys that are absent stay as they are."""

    type: str
    model: str | None
    output_modalities: list[str] | None
    instructions: str | None
    tools: list[dict[str, Any]] | None
    tool_choice: Any
    parallel_tool_calls: bool | None
    reasoning: Any
    max_output_tokens: Annotated[int, Meta(ge=1)] | Literal["inf"] | None
    truncation: Any
    prompt: Any
    tracing: Any
    include: Any
    audio: AudioPatch | None


def merge(session: Session, patch: SessionPatch) -> Session:
    """The session after `session.update`. Raises RemoteProtocolError naming the path."""
    raise NotImplementedError
