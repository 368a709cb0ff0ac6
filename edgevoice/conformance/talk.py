"""One session as a client of OpenAI's API sees it: events sent, and events that came."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from edgevoice.errors import CheckFailed

Event = dict[str, Any]

WITHIN_S = 8.0
"""OpenAI's SDKs give up waiting for an acknowledgement after 5."""
MOST_EVENTS = 20_000
"""Kept of a session; a check that gets more has failed."""


class Talk(ABC):
    """Each carrier sends and receives in its own way; waiting is the same."""

    def __init__(self) -> None:
        self.came: list[Event] = []
        self.ended = ""
        """Why nothing more comes."""
        self._news = asyncio.Event()
        self._ids = count(1)

    @abstractmethod
    async def send(self, text: str) -> None:
        """One message, whatever is in it."""

    async def say(self, kind: str, **fields: Any) -> str:
        """One event; returns its event_id."""
        event_id = fields.setdefault("event_id", f"event_check_{next(self._ids)}")
        await self.send(json.dumps({"type": kind, **fields}))
        return str(event_id)

    async def wait(
        self, kind: str, since: int = 0, within: float = WITHIN_S, **having: Any
    ) -> Event:
        """The first of its kind, with these values, from event number `since` on."""
        try:
            async with asyncio.timeout(within):
                while (found := self._found(kind, since, having)) is None:
                    if self.ended:
                        raise CheckFailed(kind, f"the end of the connection: {self.ended}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            wanted = f"{kind} {having}" if having else kind
            raise CheckFailed(f"{wanted} within {within:g} s", self.told(since)) from None
        return found

    def kinds(self, since: int = 0) -> list[str]:
        return [str(event.get("type")) for event in self.came[since:]]

    def all(self, kind: str, since: int = 0) -> list[Event]:
        return [event for event in self.came[since:] if event.get("type") == kind]

    def told(self, since: int = 0) -> str:
        """What came, in few words: each kind once, in the order of their first coming."""
        return ", ".join(dict.fromkeys(self.kinds(since))) or "nothing"

    def take(self, text: str) -> None:
        """For the carrier: a message came."""
        event = json.loads(text)
        if not isinstance(event, dict) or len(self.came) >= MOST_EVENTS:
            self.end("too many events, or one that is no JSON object")
            return
        self.came.append(event)
        self._news.set()

    def end(self, reason: str) -> None:
        """For the carrier: nothing more will come."""
        self.ended = self.ended or reason or "no reason given"
        self._news.set()

    def _found(self, kind: str, since: int, having: dict[str, Any]) -> Event | None:
        """An error that nobody waits for ends the wait at once."""
        for event in self.came[since:]:
            if event.get("type") == kind and having.items() <= event.items():
                return event
            if event.get("type") == "error" and kind != "error":
                raise CheckFailed(kind, f"an error: {(event.get('error') or {}).get('message')}")
        return None


@asynccontextmanager
async def carried(carrier: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """What carries a talk runs as long as the block; what fails in the block comes out as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            carrying = group.create_task(carrier)
            try:
                yield
            finally:
                carrying.cancel()
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
