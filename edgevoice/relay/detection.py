"""From what a session says about turn detection to the detector's rules."""

from edgevoice.config import DetectionConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import ServerVad, TurnDetection
from edgevoice.relay.turn_detector import TurnRules, samples

EAGERNESS_MS = {"high": 400, "medium": 600, "auto": 600, "low": 1000}
"""`semantic_vad` is accepted and waits for silence as long as its eagerness allows."""


def default_detection(config: DetectionConfig) -> ServerVad:
    return ServerVad(
        threshold=config.threshold,
        prefix_padding_ms=config.prefix_padding_ms,
        silence_duration_ms=config.silence_duration_ms,
    )


def turn_rules(detection: TurnDetection | None) -> TurnRules | None:
    """None: the client commits. RemoteProtocolError for what is not done here."""
    if detection is None:
        return None
    if isinstance(detection, ServerVad):
        if detection.idle_timeout_ms is not None:
            raise RemoteProtocolError(
                "session.audio.input.turn_detection.idle_timeout_ms: not done here; leave it null"
            )
        return TurnRules(
            detection.threshold,
            samples(detection.prefix_padding_ms),
            samples(detection.silence_duration_ms),
        )
    if detection.eagerness not in EAGERNESS_MS:
        raise RemoteProtocolError(
            "session.audio.input.turn_detection.eagerness: low, medium, high or auto"
        )
    return TurnRules(silence=samples(EAGERNESS_MS[detection.eagerness]))
