"""What the settings of a session are to begin with, and what they may become. Pure."""

import msgspec

from edgevoice.config import RelayConfig
from edgevoice.realtime.session import (
    Audio,
    AudioInput,
    Session,
    SessionPatch,
    Transcription,
    merge,
)
from edgevoice.relay.detection import default_detection, turn_rules
from edgevoice.relay.sound_format import checked


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
    settings = merge(defaults, {"model": _names(config)[0], **patch})
    turn_rules(settings.audio.input.turn_detection)
    return _with_checked_formats(settings)


def _names(config: RelayConfig) -> tuple[str, str]:
    """Of the model that answers, and of the one that writes down what the user says."""
    if config.engine == "openai":
        return config.upstream.model, config.upstream.transcription_model
    return f"edgevoice-{config.engine}", f"edgevoice-{config.engine}"


def updated(settings: Session, patch: SessionPatch) -> Session:
    """After `session.update`. RemoteProtocolError when that cannot be."""
    return _with_checked_formats(merge(settings, patch))


def _with_checked_formats(settings: Session) -> Session:
    """Both ways as they are spoken here."""
    audio, replace = settings.audio, msgspec.structs.replace
    input = replace(audio.input, format=checked(audio.input.format, "session.audio.input.format"))
    path = "session.audio.output.format"
    output = replace(audio.output, format=checked(audio.output.format, path))
    return replace(settings, audio=replace(audio, input=input, output=output))
