"""The relay on the same board, if one is installed: the last resort when no other can be reached.

It leaves a card with its address and a token of this run where only the board's own device
can read it, so nothing is to be configured. The card is read anew for each call, because
the relay may be started, stopped and installed at any time.
"""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from yarl import URL

from edgevoice.config import LinkConfig
from edgevoice.config_rules import is_loopback
from edgevoice.errors import LinkAbsent, LinkError
from edgevoice.link.announced import Announced
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Answer, Signalling, Upgraded

MOST_BYTES = 1_024


class Card(msgspec.Struct):
    url: str
    token: str


class BoardRelay:
    def __init__(self, config: LinkConfig) -> None:
        self._path = Path(config.board_card)
        # Of the settings for the first relay, only these are about the device and not about it.
        self._config = LinkConfig(instructions=config.instructions, token_file=config.board_card)
        self._stack = AsyncExitStack()
        self._card: Card | None = None
        self._signalling: Signalling | None = None

    @property
    def relay(self) -> str:
        return self._signalling.relay if self._signalling else "the relay on this board"

    @property
    def url(self) -> str:
        return self._signalling.url if self._signalling else str(self._path)

    @property
    def rtt_s(self) -> float | None:
        return None

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def renew(self) -> None:
        if self._signalling is not None:
            await self._signalling.renew()

    async def call(self, offer: str, headers: dict[str, str]) -> Answer:
        return await (await self._current()).call(offer, headers)

    async def upgrade(self, headers: dict[str, str]) -> Upgraded:
        return await (await self._current()).upgrade(headers)

    async def hang_up(self, location: URL) -> None:
        if self._signalling is not None:
            await self._signalling.hang_up(location)

    async def speech(self, text: str) -> bytes:
        return await (await self._current()).speech(text)

    async def announcements(self, wait_s: float) -> list[Announced]:
        return await (await self._current()).announcements(wait_s)

    async def forget(self) -> int:
        return await (await self._current()).forget()

    async def warm(self) -> None:
        await (await self._current()).warm()

    async def _current(self) -> Signalling:
        """The one of the newest card."""
        card = self._read()
        if self._signalling is None or card != self._card:
            await self._stack.aclose()
            made = Signalling(replace(self._config, url=card.url), BearerToken(card.token))
            self._signalling = await self._stack.enter_async_context(made)
            self._card = card
        return self._signalling

    def _read(self) -> Card:
        try:
            with self._path.open("rb") as file:
                card = msgspec.json.decode(file.read(MOST_BYTES), type=Card)
            host = URL(card.url).host or ""
        except FileNotFoundError:
            raise LinkAbsent(
                "no relay runs on this board: sudo systemctl start edgevoice-relay"
            ) from None
        except (OSError, ValueError) as error:
            raise LinkError(
                f"the card of this board's relay is no good ({error}): restart edgevoice-relay"
            ) from error
        if not is_loopback(host):
            raise LinkError(
                f"the card of this board's relay names another machine ({card.url}):"
                " name that one in link.url"
            )
        return card
