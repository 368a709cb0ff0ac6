"""From what a session says about turn detection to the detector's rules."""

from edgevoice.config import DetectionConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import SemanticVad, ServerVad, TurnDetection
from edgevoice.relay.turns.turn_detector import TurnRules, samples

PATIENCE_MS = {"high": 2000, "medium": 4000, "auto": 4000, "low": 8000}
"""As OpenAI documents eagerness: who does not sound finished is waited for so long."""
SILENCE_MS = {"high": 400, "medium": 600, "auto": 600, "low": 1000}
"""Silence that ends a turn where nobody can tell how it sounds."""
IDLE_MS = (5_000, 30_000)
"""What OpenAI allows."""


def default_detection(config: DetectionConfig) -> TurnDetection:
    if config.mode == "semantic_vad":
        return SemanticVad(eagerness=config.eagerness)
    return owners_silence(config)


def owners_silence(config: DetectionConfig) -> ServerVad:
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
        _check_idle(detection.idle_timeout_ms)
        return TurnRules(
            detection.threshold,
            samples(detection.prefix_padding_ms),
            samples(detection.silence_duration_ms),
        )
    if detection.eagerness not in PATIENCE_MS:
        raise RemoteProtocolError(
            "session.audio.input.turn_detection.eagerness: low, medium, high or auto"
        )
    return TurnRules(
        silence=samples(SILENCE_MS[detection.eagerness]),
        patience=samples(PATIENCE_MS[detection.eagerness]),
    )


def idle_timeout(detection: TurnDetection | None) -> int | None:
    """Samples of silence after an answer that are to be answered; None: none is."""
    if not isinstance(detection, ServerVad) or detection.idle_timeout_ms is None:
        return None
    return samples(detection.idle_timeout_ms)


def _check_idle(idle_timeout_ms: int | None) -> None:
    least, most = IDLE_MS
    if idle_timeout_ms is not None and not least <= idle_timeout_ms <= most:
        raise RemoteProtocolError(
            f"session.audio.input.turn_detection.idle_timeout_ms: {least} to {most}, or null"
        )
