"""The local engine: an ear, an answer by rules or a chat server, and a mouth.

Wiring only: what is understood is in `intents/`, what hears in `stt/`, what speaks in `tts/`.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from edgevoice.audio.frames import Samples
from edgevoice.config import LocalEngineConfig
from edgevoice.relay.engines.engine import Audio, FunctionCall, Listener, Part, Request, Text
from edgevoice.relay.engines.local.answering import Answering
from edgevoice.relay.engines.local.chat import Chat
from edgevoice.relay.engines.local.sentences import SentenceSplitter
from edgevoice.relay.engines.local.stt.choice import make_ear
from edgevoice.relay.engines.local.tts.choice import make_mouth

log = logging.getLogger(__name__)


class LocalEngine:
    """An Engine; see engine.py for the contract."""

    name = "local"

    def __init__(
        self, config: LocalEngineConfig, models_dir: str | Path, clock: Callable[[], datetime]
    ) -> None:
        self._chat = Chat(config.chat) if config.chat.url else None
        self._answering = Answering(self._chat, clock)
        self._ear = make_ear(config, models_dir)
        self._mouth = make_mouth(config)

    async def start(self) -> None:
        await self._ear.open()
        await self._mouth.open()
        if self._chat is not None:
            await self._chat.open()

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        return self._ear.listen(wake_name, on_partial)

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        async with aclosing(self._sentences(request)) as sentences:
            async for sentence in sentences:
                if isinstance(sentence, FunctionCall):
                    log.debug("calls %s", sentence)
                    yield sentence
                    continue
                log.debug("says %r", sentence)
                yield Text(sentence)
                if request.speak:
                    async with aclosing(self._mouth.speak(sentence)) as sound:
                        async for samples in sound:
                            yield Audio(samples)

    async def say(self, text: str) -> AsyncGenerator[Samples]:
        """The text as it is, with nobody thinking about it. Raises EngineError."""
        splitter = SentenceSplitter()
        for sentence in [*splitter.push(text), *splitter.finish()]:
            async with aclosing(self._mouth.speak(sentence)) as sound:
                async for samples in sound:
                    yield samples

    async def close(self) -> None:
        if self._chat is not None:
            await self._chat.close()
        await self._ear.close()
        await self._mouth.close()

    async def _sentences(self, request: Request) -> AsyncGenerator[str | FunctionCall]:
        """The answer, cut where a voice may begin; a call comes after the words before it."""
        splitter = SentenceSplitter(eager=True)
        async with aclosing(self._answering.pieces(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    done = splitter.push(piece)
                else:
                    done = splitter.finish()
                for sentence in done:
                    yield sentence
                if isinstance(piece, FunctionCall):
                    yield piece
        for sentence in splitter.finish():
            yield sentence
