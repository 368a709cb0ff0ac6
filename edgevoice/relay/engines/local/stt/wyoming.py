"""Recognition by a Wyoming service, such as wyoming-faster-whisper: sound goes out as it comes."""

import asyncio

from edgevoice.config import SttConfig
from edgevoice.relay.engines.local.stt.remote import Sound, Told
from edgevoice.relay.engines.local.wyoming_service import Connection, WyomingService

MAX_PIECES = 1_000
"""Nobody says more words in a minute."""


class WyomingSpeechServer:
    """A SpeechServer; see remote.py for the contract."""

    def __init__(self, config: SttConfig) -> None:
        self._config = config
        self._service = WyomingService(config, "relay.local.stt")

    async def open(self) -> None:
        self._service.check()

    async def close(self) -> None:
        pass

    async def transcribe(self, sound: Sound, tell: Told) -> str:
        """Sends and reads at the same time: some services tell words while they still listen."""
        async with self._service.connected() as connection:
            try:
                async with asyncio.TaskGroup() as group:
                    words = group.create_task(_words(connection, tell))
                    await self._send(connection, sound)
                    async with asyncio.timeout(self._config.answer_s):
                        return await words
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None

    async def _send(self, connection: Connection, sound: Sound) -> None:
        await connection.begin_speech(self._config.model, self._config.language)
        async for block in sound.blocks():
            await connection.send_speech(block)
        await connection.end_speech()


async def _words(connection: Connection, tell: Told) -> str:
    """All of them. Some services tell them bit by bit and once more as a whole."""
    pieces: list[str] = []
    async for words in connection.words():
        if words.final:
            return words.text.strip() or "".join(pieces).strip()
        if len(pieces) < MAX_PIECES:
            tell(words.text.lstrip() if not pieces else words.text)
            pieces.append(words.text)
    return "".join(pieces).strip()
