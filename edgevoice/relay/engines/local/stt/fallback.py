"""An ear that another one stands in for, when the first fails to recognise an utterance."""

import asyncio
from collections.abc import Callable

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import Guesser, Listener, Samples, Utterance
from edgevoice.relay.engines.local.outage import Outage
from edgevoice.relay.engines.local.stt.ear import Ear


class FallbackEar:
    """An Ear; see ear.py for the contract."""

    def __init__(self, first: Ear, second: Ear) -> None:
        self._first = first
        self._second = second
        self._outage = Outage("the server of relay.local.stt", "the network on this machine")

    async def open(self) -> None:
        await self._first.open()
        await self._second.open()

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        if self._outage.lasts(asyncio.get_running_loop().time()):
            return self._second.listen(wake_name, on_partial)
        return _FallbackListener(
            self._first.listen(wake_name, on_partial),
            lambda: self._second.listen(wake_name, _nobody),
            self._outage,
        )

    async def close(self) -> None:
        await self._first.close()
        await self._second.close()


class _FallbackListener:
    def __init__(self, first: Listener, second: Callable[[], Listener], outage: Outage) -> None:
        self._listener = first
        self._second = second
        self._outage = outage

    def hear(self, samples: Samples) -> None:
        self._listener.hear(samples)

    def pause(self) -> None:
        self._listener.pause()

    async def guess(self) -> str:
        return await self._listener.guess() if isinstance(self._listener, Guesser) else ""

    async def finish(self, utterance: Utterance) -> str:
        try:
            words = await self._listener.finish(utterance)
        except EngineError as error:
            self._outage.began(error, asyncio.get_running_loop().time())
            self._listener = self._second()
            return await self._listener.finish(utterance)
        self._outage.ended()
        return words

    def abandon(self) -> None:
        self._listener.abandon()


def _nobody(_: str) -> None:
    """The first may have told some of the words already."""
