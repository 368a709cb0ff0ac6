"""A mouth that another one stands in for, when the first fails to say a sentence."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Samples
from edgevoice.relay.engines.local.outage import Outage
from edgevoice.relay.engines.local.tts.mouth import Mouth


class FallbackMouth:
    """A Mouth; see mouth.py for the contract."""

    def __init__(self, first: Mouth, second: Mouth) -> None:
        self._first = first
        self._second = second
        self._outage = Outage("the server of relay.local.tts", "the voice on this machine")

    async def open(self) -> None:
        await self._first.open()
        await self._second.open()

    async def close(self) -> None:
        await self._first.close()
        await self._second.close()

    async def speak(self, sentence: str) -> AsyncGenerator[Samples]:
        """Half a sentence is not begun anew in another voice: the next one is said by it."""
        begun = False
        loop = asyncio.get_running_loop()
        if not self._outage.lasts(loop.time()):
            try:
                async with aclosing(self._first.speak(sentence)) as sound:
                    async for samples in sound:
                        begun = True
                        yield samples
            except EngineError as error:
                self._outage.began(error, loop.time())
            else:
                self._outage.ended()
                return
        if not begun:
            async with aclosing(self._second.speak(sentence)) as sound:
                async for samples in sound:
                    yield samples
