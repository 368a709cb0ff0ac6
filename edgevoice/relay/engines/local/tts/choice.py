"""Which mouth: by the name in `relay.local.tts.backend`. What is not wanted is not imported."""

from collections.abc import Callable

from edgevoice.config import LocalEngineConfig
from edgevoice.relay.engines.local.tts.mouth import Mouth

Make = Callable[[LocalEngineConfig], Mouth]


def make_mouth(config: LocalEngineConfig) -> Mouth:
    backend = config.tts.backend
    mouth = MOUTHS[backend](config)
    if not config.tts.fallback or backend == "hibari":
        return mouth
    from edgevoice.relay.engines.local.tts.fallback import FallbackMouth

    return FallbackMouth(mouth, _hibari(config))


def _hibari(config: LocalEngineConfig) -> Mouth:
    from edgevoice.relay.engines.local.synthesizer import Synthesizer
    from edgevoice.relay.engines.local.tts.embedded import EmbeddedMouth

    return EmbeddedMouth(lambda: Synthesizer(config.voice_seed, config.threads))


def _openai(config: LocalEngineConfig) -> Mouth:
    from edgevoice.relay.engines.local.tts.openai_http import OpenAiMouth

    return OpenAiMouth(config.tts)


def _wyoming(config: LocalEngineConfig) -> Mouth:
    from edgevoice.relay.engines.local.tts.wyoming import WyomingMouth

    return WyomingMouth(config.tts)


MOUTHS: dict[str, Make] = {"hibari": _hibari, "openai": _openai, "wyoming": _wyoming}
