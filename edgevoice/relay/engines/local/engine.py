"""The local engine: hears with Moonshine, answers by rules or a chat server, speaks with hibari.

Wiring only: what is understood is in `intents/`, how in the files beside this one.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import numpy as np

from edgevoice.config import LocalEngineConfig
from edgevoice.errors import ModelError
from edgevoice.relay.engines.engine import (
    HEARING_RATE_HZ,
    Audio,
    FunctionCall,
    Listener,
    Part,
    Request,
    Text,
)
from edgevoice.relay.engines.local.answering import Answering
from edgevoice.relay.engines.local.chat import Chat
from edgevoice.relay.engines.local.listener import StreamingListener
from edgevoice.relay.engines.local.recognizer import Recognizer
from edgevoice.relay.engines.local.sentences import SentenceSplitter
from edgevoice.relay.engines.local.synthesizer import Synthesizer
from edgevoice.relay.engines.local.workers import Workers

log = logging.getLogger(__name__)


class LocalEngine:
    """An Engine; see engine.py for the contract."""

    def __init__(
        self, config: LocalEngineConfig, models_dir: str | Path, clock: Callable[[], datetime]
    ) -> None:
        self._config = config
        self._models_dir = models_dir
        self._chat = Chat(config.chat) if config.chat.url else None
        self._answering = Answering(self._chat, clock)
        self._hearing = Workers()
        self._speaking = Workers(1)
        self._recognizer: Recognizer | None = None
        self._synthesizer: Synthesizer | None = None

    async def start(self) -> None:
        await asyncio.to_thread(self._load)
        if self._chat is not None:
            await self._chat.open()

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        assert self._recognizer is not None, "start() comes first"
        return StreamingListener(self._recognizer.dictation, self._hearing, wake_name, on_partial)

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        splitter = SentenceSplitter()
        async with aclosing(self._answering.pieces(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, FunctionCall):
                    for part in splitter.finish():
                        async for spoken in self._speak(part, request.speak):
                            yield spoken
                    log.debug("calls %s", piece)
                    yield piece
                    continue
                for sentence in splitter.push(piece):
                    async for spoken in self._speak(sentence, request.speak):
                        yield spoken
        for sentence in splitter.finish():
            async for spoken in self._speak(sentence, request.speak):
                yield spoken

    async def close(self) -> None:
        if self._chat is not None:
            await self._chat.close()
        await asyncio.to_thread(self._hearing.close)
        await asyncio.to_thread(self._speaking.close)

    async def _speak(self, sentence: str, aloud: bool) -> AsyncIterator[Part]:
        assert self._synthesizer is not None, "start() comes first"
        log.debug("says %r", sentence)
        yield Text(sentence)
        if aloud:
            samples = await self._speaking.run(self._synthesizer.speak, sentence)
            if len(samples):
                yield Audio(samples)

    def _load(self) -> None:
        """Both networks are slow the first time they compute; have that behind us."""
        try:
            self._recognizer = Recognizer(self._models_dir, self._config.threads)
        except ModelError as error:
            raise ModelError(f"the local engine cannot hear: {error}") from None
        self._synthesizer = Synthesizer(self._config.voice_seed, self._config.threads)
        self._synthesizer.speak("It's ten o'clock.")
        noise = np.random.default_rng(0).integers(-300, 300, HEARING_RATE_HZ, np.int16)
        self._recognizer.warm_up(noise)
