"""Has a relay speak what is to be announced, and what rings, and listens for announcements.

Everything here may fail without anybody noticing but those who asked: an announcement that
no relay says is an error for them, and what rings without a name still rings.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.audio.frames import Samples
from edgevoice.daemon.unasked.announcements import Announcements
from edgevoice.daemon.unasked.relay_voice import RelayVoice
from edgevoice.errors import ControlError, LinkError
from edgevoice.link.announced import LONGEST

log = logging.getLogger(__name__)

MOST_WAITING = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """A name of something that rings, or an announcement, which somebody may wait for."""

    text: str
    urgent: bool = False
    is_name: bool = False
    told: asyncio.Future[None] | None = None


class Announcer:
    def __init__(
        self,
        voice: RelayVoice,
        announcements: Announcements,
        say_name: Callable[[Samples], None],
    ) -> None:
        self._voice = voice
        self._announcements = announcements
        self._say_name = say_name
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue(MOST_WAITING)
        """Full: who asks is told, and names are left out."""

    async def run(self) -> None:
        """One after the other, for ever."""
        while True:
            await self._grant(await self._wishes.get())

    def name(self, words: str) -> None:
        """Say this while it rings, if a relay does."""
        self._add(Wish(words, is_name=True))

    def announce(self, text: str, urgent: bool) -> None:
        """If a relay says it; a line in the log otherwise."""
        if not self._add(Wish(text, urgent)):
            log.warning("an announcement was not said: too many at a time")

    async def say(self, text: str, urgent: bool = False) -> None:
        """Returns when its sound is at hand. ControlError says why there is none."""
        text = " ".join(text.split())
        if not 1 <= len(text) <= LONGEST:
            raise ControlError(f"what is to be said has 1 to {LONGEST} letters, not {len(text)}")
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not self._add(Wish(text, urgent, told=told)):
            raise ControlError("too much is to be said already; wait a moment")
        await told

    def _add(self, wish: Wish) -> bool:
        try:
            self._wishes.put_nowait(wish)
        except asyncio.QueueFull:
            return False
        return True

    async def _grant(self, wish: Wish) -> None:
        try:
            words = await self._voice.speak(wish.text)
        except LinkError as error:
            self._disappoint(wish, error)
            return
        if wish.is_name:
            self._say_name(words)
        else:
            self._announcements.add(words, wish.urgent)
        if wish.told is not None and not wish.told.done():
            wish.told.set_result(None)

    def _disappoint(self, wish: Wish, error: LinkError) -> None:
        if wish.told is not None and not wish.told.done():
            wish.told.set_exception(ControlError(f"no relay says it: {error}"))
        elif not wish.is_name:
            log.warning("an announcement was not said: %s", error)
