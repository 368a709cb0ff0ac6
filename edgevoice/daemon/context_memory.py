"""What was said outlives a restart: kept in a file for as long as it is remembered.

Written beside the event loop, some seconds after a change and when the program ends;
erased as soon as it is forgotten. Where nothing is to be kept there is no file. What
is worth keeping, and for how long, is the transceiver's to say.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from edgevoice.config import Config
from edgevoice.errors import RemoteProtocolError
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.realtime.items import Item
from edgevoice.realtime.server_events import ConversationItemAdded
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.transceiver.inputs import Input
from edgevoice.transceiver.memory import Memory, Remembered
from edgevoice.transceiver.transceiver import Transceiver

log = logging.getLogger(__name__)

SETTLE_S = 5.0
"""An answer changes the conversation with every word; a card wears out by being written."""

NAME = "context.json"


class _Kept(Struct):
    """The file. Items are as on the wire, so that they are judged as on the wire."""

    at: float
    """When the session was over, in seconds since 1970."""
    conversation_id: str
    held_item_id: str
    added: list[dict[str, Any]]


class ContextMemory:
    def __init__(
        self,
        file: StateFile | None,
        unused: Iterable[StateFile],
        keep_s: float,
        wall: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        """`wall` is the time of day, `now` the transceiver's clock.

        `unused`: where it was kept under another configuration.
        """
        self._file = file
        self._unused = tuple(unused)
        self._keep_s = keep_s
        self._wall = wall
        self._now = now
        self._loaded: Remembered | None = None
        self._memory: Memory | None = None
        self._version = 0
        self._changed = asyncio.Event()
        self._forgotten = asyncio.Event()
        self._newest: dict[str, Any] | None = None
        self._saving = threading.Lock()

    def load(self) -> None:
        """What the program knew when it ended, if that is not too long ago."""
        for file in self._unused:
            file.erase()
        if self._file is None:
            return
        state = self._file.load()
        if state:
            self._loaded = self._restored(state)
        if self._loaded is None:
            self._file.erase()

    def go_on(self, before: "ContextMemory") -> None:
        """With what another one of this program knew, which has ended, wherever it kept it."""
        kept = before.remembered
        if kept is None or kept.forget_at is None or not self._keep_s:
            self._loaded = None
        else:
            until = min(kept.forget_at, self._now() + self._keep_s)
            self._loaded = replace(kept, forget_at=until)

    def erase(self) -> None:
        """In any thread, when all is forgotten: wherever it may have been kept."""
        with self._saving:
            self._newest = None
            for file in (self._file, *self._unused):
                if file is not None:
                    file.erase()

    @property
    def remembered(self) -> Remembered | None:
        """For a transceiver that is built now."""
        kept = self._memory.remembered if self._memory is not None else self._loaded
        if kept is None or kept.forget_at is not None:
            return kept
        # It was built anew in the middle of a session, which is over now.
        return replace(kept, forget_at=self._now() + self._keep_s)

    def observe(self, happened: Input, mind: Transceiver) -> None:
        """After each input; cheap, since nothing is looked at before it has settled."""
        memory = mind.memory
        if memory is self._memory and memory.version == self._version:
            return
        self._memory, self._version = memory, memory.version
        self._changed.set()
        if not memory.conversation.items:
            self._forgotten.set()

    async def run(self) -> None:
        if self._file is None:
            return
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._settle()
                self._newest = self._state()
                await asyncio.to_thread(self._save)
        finally:
            if self._memory is not None:
                self._newest = self._state()
                self._save()

    async def _settle(self) -> None:
        """What is forgotten goes at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self._forgotten.wait()
        self._forgotten.clear()

    def _state(self) -> dict[str, Any] | None:
        kept = self._memory.remembered if self._memory is not None else None
        if kept is None:
            return None
        age_s = 0.0
        if kept.forget_at is not None:
            age_s = self._now() - (kept.forget_at - self._keep_s)
        return {
            "at": self._wall() - age_s,
            "conversation_id": kept.conversation_id,
            "held_item_id": kept.held_item_id,
            "added": [json.loads(encode(ConversationItemAdded(item=i))) for i in kept.items],
        }

    def _save(self) -> None:
        """In any thread; the newest, so that one that was held up brings nothing back."""
        assert self._file is not None
        with self._saving:
            if self._newest is None:
                self._file.erase()
            else:
                self._file.save(self._newest)

    def _restored(self, state: dict[str, Any]) -> Remembered | None:
        try:
            kept = msgspec.convert(state, _Kept)
            items = tuple(_item(added) for added in kept.added)
        except (msgspec.ValidationError, RemoteProtocolError):
            log.warning("what was kept of the conversation is damaged, and forgotten")
            return None
        age_s = self._wall() - kept.at
        if not 0.0 <= age_s < self._keep_s:  # a board without a clock may be in the past
            log.info("what was kept of the conversation is %.0f s old, and forgotten", age_s)
            return None
        log.info("%d items of the conversation are remembered", len(items))
        forget_at = self._now() + self._keep_s - age_s
        return Remembered(kept.conversation_id, kept.held_item_id, items, forget_at)


def _item(added: dict[str, Any]) -> Item:
    event = decode_server_event(json.dumps(added))
    if not isinstance(event, ConversationItemAdded):
        raise RemoteProtocolError("only items are kept")
    return event.item


def context_memory(
    config: Config, state_dir: Path, wall: Callable[[], float], now: Callable[[], float]
) -> ContextMemory:
    """Where the configuration wants it: /run is emptied when the board is switched off."""
    places = {
        "restart": Path(config.control.socket).parent / NAME,
        "reboot": state_dir / NAME,
    }
    keep = config.context.keep if config.context.keep_minutes else "process"
    chosen = places.get(keep)
    unused = [StateFile(place) for place in places.values() if place != chosen]
    file = StateFile(chosen) if chosen else None
    return ContextMemory(file, unused, config.context.keep_minutes * 60.0, wall, now)
