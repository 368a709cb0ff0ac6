"""What the settings of a session are to begin with, and what they may become. Pure."""

import msgspec

from edgevoice.config import RelayConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import (
    Audio,
    AudioInput,
    Session,
    SessionPatch,
    Transcription,
    merge,
)
from edgevoice.relay.answers.retention import retention
from edgevoice.relay.carrying.sound_format import checked
from edgevoice.relay.state import SessionState
from edgevoice.relay.turns.detection import default_detection, turn_rules

_OBJECTS = {"realtime": "realtime.session", "transcription": "realtime.transcription_session"}
"""What a session of each type is called."""


def initial_settings(
    config: RelayConfig, patch: SessionPatch, session_id: str, expires_at: int | None = None
) -> Session:
    """RemoteProtocolError when the client asks for what cannot be."""
    defaults = Session(
        id=session_id,
        expires_at=expires_at,
        audio=Audio(
            input=AudioInput(
                transcription=Transcription(model=_names(config)[1]),
                turn_detection=default_detection(config.detection),
            )
        ),
    )
    settings = _checked(merge(defaults, {"model": _names(config)[0], **patch}))
    turn_rules(settings.audio.input.turn_detection)
    if config.engine == "openai":
        _refuse_transcription(settings)
    else:
        spoken_at_one_speed(settings)
    return settings


def _names(config: RelayConfig) -> tuple[str, str]:
    """Of the model that answers, and of the one that writes down what the user says."""
    if config.engine == "openai":
        return config.upstream.model, config.upstream.transcription_model
    return f"edgevoice-{config.engine}", f"edgevoice-{config.engine}"


def updated(state: SessionState, patch: SessionPatch) -> Session:
    """After `session.update`. RemoteProtocolError when that cannot be.

    As OpenAI has it, the kind of session stays, and the voice once it was heard.
    """
    before, after = state.settings, _checked(merge(state.settings, patch))
    if after.type != before.type:
        raise RemoteProtocolError(f"session.type: this is a {before.type} session, and stays one")
    if state.has_spoken and after.audio.output.voice != before.audio.output.voice:
        raise RemoteProtocolError(
            "session.audio.output.voice: cannot be changed once the assistant was heard with it"
        )
    return after


def spoken_at_one_speed(settings: Session) -> Session:
    """RemoteProtocolError for other speeds: our own voices have one."""
    if settings.audio.output.speed != 1.0:
        raise RemoteProtocolError("session.audio.output.speed: answers are spoken at 1.0 here")
    return settings


def _refuse_transcription(settings: Session) -> None:
    if settings.type != "realtime":
        raise RemoteProtocolError("session.type: this relay's engine makes realtime sessions only")


def _checked(settings: Session) -> Session:
    """With both formats as they are spoken here."""
    if settings.type not in _OBJECTS:
        raise RemoteProtocolError("session.type: realtime or transcription")
    retention(settings.truncation)
    audio, replace = settings.audio, msgspec.structs.replace
    input = replace(audio.input, format=checked(audio.input.format, "session.audio.input.format"))
    path = "session.audio.output.format"
    output = replace(audio.output, format=checked(audio.output.format, path))
    audio = replace(audio, input=input, output=output)
    return replace(settings, object=_OBJECTS[settings.type], audio=audio)
