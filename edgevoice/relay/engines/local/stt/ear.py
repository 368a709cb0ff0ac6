"""What recognises speech: the interface, and the ear that hears nothing."""

from collections.abc import Callable
from typing import Protocol

from edgevoice.relay.engines.engine import Listener, Samples, Utterance


class Ear(Protocol):
    """One per relay. `open` before use, `close` after; used from one event loop."""

    async def open(self) -> None:
        """Load what is needed. A server that is away is no reason not to start.

        Raises ModelError, CredentialError or EngineError with the remedy.
        """

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        """As an engine's `listen`."""

    async def close(self) -> None:
        """Release threads, networks and connections."""


class Deaf:
    """For relays that are written to, and never spoken to: no network is loaded."""

    async def open(self) -> None:
        pass

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        return _HearsNothing()

    async def close(self) -> None:
        pass


class _HearsNothing:
    def hear(self, samples: Samples) -> None:
        pass

    def pause(self) -> None:
        pass

    async def finish(self, utterance: Utterance) -> str:
        return ""

    def abandon(self) -> None:
        pass
