"""Which ear: by the name in `relay.local.stt.backend`. What is not wanted is not imported."""

from collections.abc import Callable
from pathlib import Path

from edgevoice.config import LocalEngineConfig
from edgevoice.relay.engines.local.stt.ear import Deaf, Ear

Make = Callable[[LocalEngineConfig, str | Path], Ear]


def make_ear(config: LocalEngineConfig, models_dir: str | Path) -> Ear:
    backend = config.stt.backend
    ear = EARS[backend](config, models_dir)
    if not (config.stt.fallback and backend in ("openai", "wyoming")):
        return ear
    from edgevoice.relay.engines.local.stt.fallback import FallbackEar

    return FallbackEar(ear, _moonshine(config, models_dir))


def _moonshine(config: LocalEngineConfig, models_dir: str | Path) -> Ear:
    from edgevoice.relay.engines.local.recognizer import Recognizer
    from edgevoice.relay.engines.local.stt.embedded import EmbeddedEar

    return EmbeddedEar(lambda: Recognizer(models_dir, config.threads))


def _whisper(config: LocalEngineConfig, models_dir: str | Path) -> Ear:
    from edgevoice.relay.engines.local.stt.embedded import EmbeddedEar
    from edgevoice.relay.engines.local.stt.whisper import Whisper

    return EmbeddedEar(lambda: Whisper(config.stt, models_dir, config.threads), step=None)


def _openai(config: LocalEngineConfig, models_dir: str | Path) -> Ear:
    from edgevoice.relay.engines.local.stt.openai_http import OpenAiSpeechServer
    from edgevoice.relay.engines.local.stt.remote import RemoteEar

    return RemoteEar(OpenAiSpeechServer(config.stt))


def _wyoming(config: LocalEngineConfig, models_dir: str | Path) -> Ear:
    from edgevoice.relay.engines.local.stt.remote import RemoteEar
    from edgevoice.relay.engines.local.stt.wyoming import WyomingSpeechServer

    return RemoteEar(WyomingSpeechServer(config.stt))


def _none(config: LocalEngineConfig, models_dir: str | Path) -> Ear:
    return Deaf()


EARS: dict[str, Make] = {
    "moonshine": _moonshine,
    "faster-whisper": _whisper,
    "openai": _openai,
    "wyoming": _wyoming,
    "none": _none,
}
