"""Synthesis by a Wyoming service, such as wyoming-piper, played as it comes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from edgevoice.config import TtsConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Samples
from edgevoice.relay.engines.local.speech_text import as_spoken
from edgevoice.relay.engines.local.synthesizer import LONGEST
from edgevoice.relay.engines.local.tts.mouth import PcmReader
from edgevoice.relay.engines.local.wyoming_service import Pcm, WyomingService


class WyomingMouth:
    """A Mouth; see mouth.py for the contract."""

    def __init__(self, config: TtsConfig) -> None:
        self._config = config
        self._service = WyomingService(config, "relay.local.tts")

    async def open(self) -> None:
        self._service.check()

    async def close(self) -> None:
        pass

    async def speak(self, sentence: str) -> AsyncGenerator[Samples]:
        text = as_spoken(sentence)[:LONGEST]
        if not text:
            return
        in_pieces = await self._service.takes_text_in_pieces()
        async with self._service.connected() as connection:
            voice, language = self._config.voice, self._config.language
            await connection.send_text(text, voice, language, in_pieces=in_pieces)
            reader: PcmReader | None = None
            async with aclosing(connection.sound(in_pieces=in_pieces)) as sound:
                async for piece in sound:
                    reader = reader or _reader(piece)
                    if len(samples := reader.push(piece.data)):
                        yield samples
            if reader is not None and len(samples := reader.finish()):
                yield samples


def _reader(piece: Pcm) -> PcmReader:
    if piece.width != 2:
        raise EngineError(
            f"relay.local.tts: the service sends {8 * piece.width}-bit samples, not 16"
        )
    return PcmReader(piece.rate_hz, piece.channels)
