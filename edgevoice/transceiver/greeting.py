"""What the device tells a relay about itself: the `session.update`s, and old words as seeds."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from edgevoice.realtime.client_events import (
    ConversationItemCreate,
    InputAudioBufferClear,
    SessionUpdate,
)
from edgevoice.realtime.session import (
    AudioInputPatch,
    AudioPatch,
    SessionPatch,
    TurnDetection,
    TurnDetectionPatch,
)
from edgevoice.transceiver.actions import Action, SendEvent
from edgevoice.transceiver.memory import Missing
from edgevoice.transceiver.persona import Persona


def introduce(
    persona: Persona, tools: Sequence[dict[str, Any]], barge_in: bool, extensions: bool
) -> Action:
    """Our relay transcribes for the asking, and its owner knows best how turns end there;
    OpenAI's would want a model's name."""
    known: TurnDetectionPatch = {} if extensions else {"type": "server_vad"}
    heard: AudioInputPatch = {"turn_detection": _detection(known, barge_in)}
    if extensions:
        heard["transcription"] = {}
    audio: AudioPatch = {"input": heard}
    if persona.voice:
        audio["output"] = {"voice": persona.voice}
    session: SessionPatch = {"type": "realtime", "audio": audio}
    if tools:
        session["tools"] = list(tools)
    if persona.instructions:
        session["instructions"] = persona.instructions
    return SendEvent(SessionUpdate(session=session))


def seeds(missing: Missing) -> Iterator[Action]:
    """Behind what the relay has, one after the other: the user may have spoken already."""
    previous = missing.previous_item_id
    for item in missing.items:
        yield SendEvent(ConversationItemCreate(item=item, previous_item_id=previous))
        previous = item.id


def deaf() -> Action:
    """What the relay hears from now on is no turn."""
    return _update({"turn_detection": None})


def without_detection(introduction: Action) -> Action:
    """The same, and what is heard is no turn until we say so."""
    assert isinstance(introduction, SendEvent) and isinstance(introduction.event, SessionUpdate)
    session = introduction.event.session
    audio = session.get("audio") or {}
    heard: AudioInputPatch = {**(audio.get("input") or {}), "turn_detection": None}
    return SendEvent(SessionUpdate(session={**session, "audio": {**audio, "input": heard}}))


def hearing(detection: TurnDetection, barge_in: bool, forget: bool) -> list[Action]:
    """The end of `deaf`: as the relay had it before, with or without what it heard since."""
    known = {k: v for k, v in msgspec.to_builtins(detection).items() if v is not None}
    patch = _detection(msgspec.convert(known, TurnDetectionPatch), barge_in)
    clear: list[Action] = [SendEvent(InputAudioBufferClear())] if forget else []
    return [*clear, _update({"turn_detection": patch})]


def _detection(known: TurnDetectionPatch, barge_in: bool) -> TurnDetectionPatch:
    return {**known, "create_response": True, "interrupt_response": barge_in}


def _update(audio: AudioInputPatch) -> Action:
    return SendEvent(SessionUpdate(session={"type": "realtime", "audio": {"input": audio}}))
