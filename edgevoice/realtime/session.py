"""The session object: how a conversation is to be heard, thought about and spoken.

`Session` is the effective configuration, complete, as `session.created` and
`session.updated` carry it: SDKs read it back. `SessionPatch` is what
`session.update` carries: absent keys keep, null and empty values clear.
`merge` makes the first from the second.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict, cast

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


_KEPT = frozenset({"id", "object", "expires_at"})
"""The server's to say."""
_MERGED = frozenset(
    {"audio", "input", "output", "turn_detection", "noise_reduction", "transcription"}
)
"""Objects that are changed key by key; every other one is replaced."""


def merge(session: Session, patch: SessionPatch) -> Session:
    """The session after `session.update`. Raises RemoteProtocolError naming the path.

    The model is fixed once there is one: SDKs ask for theirs whatever they connected to.
    """
    kept = _KEPT | {"model"} if session.model else _KEPT
    asked = {key: value for key, value in patch.items() if key not in kept}
    try:
        return msgspec.convert(_patched(msgspec.to_builtins(session), asked), Session)
    except msgspec.ValidationError as error:
        raise RemoteProtocolError(f"session.update, in the session: {error}") from None


def combined(first: SessionPatch, then: SessionPatch) -> SessionPatch:
    """One patch that does what the two do one after the other."""
    return cast(SessionPatch, _combined(first, then))


def _combined(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(first)
    for key, value in then.items():
        before = both.get(key)
        if key in _MERGED and isinstance(before, dict) and isinstance(value, dict):
            value = _combined(before, value)
        both[key] = value
    return both


def _patched(current: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A null or empty value is left out, so that the struct's default takes its place."""
    patched = dict(current)
    for key, value in patch.items():
        if key == "turn_detection":
            patched[key] = _turn_detection(patched.get(key), value)
        elif value is None or value in ("", []):
            patched.pop(key, None)
        elif key == "voice" and isinstance(value, dict):
            patched[key] = value.get("id")  # one SDK reads the voice as text only
        elif key in _MERGED and isinstance(value, dict):
            patched[key] = _patched(patched.get(key) or {}, value)
        else:
            patched[key] = value
    return patched


def _turn_detection(current: Any, patch: Any) -> Any:
    """Null turns it off; another type starts from that type's defaults."""
    if not isinstance(patch, dict):
        return patch
    current = current or {"type": "server_vad"}
    kept = current if patch.get("type", current["type"]) == current["type"] else {}
    return _patched(kept, patch)
