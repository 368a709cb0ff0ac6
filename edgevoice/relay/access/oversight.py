"""What ends a session from above: its caller was revoked, or the day's quota is used up.

Looks twice a second, so that a revoked caller is gone within one: at the tokens file and at
the store, which other processes change. Keeps the ledger saved while it is at it.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from edgevoice.errors import StoreError
from edgevoice.relay.access.callers import Caller, Callers
from edgevoice.relay.access.ledger import Ledger
from edgevoice.relay.access.limits import QUOTA, Limits

LOOK_S = 0.5
SAVE_S = 5.0
"""What a crash may forgive; a third of what makes a relay look dead in the store."""
SWEEP_S = 600.0
LAST_WORDS_S = 20.0
"""An answer that is being spoken when the money is gone is heard to its end, unless it lasts."""
REVOKED = "invalid_api_key"
"""A device that is told so calls nobody before it is woken again."""

log = logging.getLogger(__name__)


class Overseen(Protocol):
    """The live calls, as far as they concern us."""

    def callers(self) -> Iterable[tuple[str, Caller]]:
        """Call ids with who called."""

    def is_busy(self, call_id: str) -> bool:
        """An answer is being made or spoken."""

    def end(self, call_id: str, reason: str, code: str) -> None:
        """Hang up, and tell the client why."""


class Oversight:
    def __init__(self, calls: Overseen, callers: Callers, ledger: Ledger, limits: Limits) -> None:
        self._calls = calls
        self._callers = callers
        self._ledger = ledger
        self._limits = limits
        self._revision: object = None
        self._checked: set[str] = set()
        """Calls whose caller was good at that revision."""
        self._spent_since: dict[str, float] = {}
        self._saved_at = self._swept_at = -SWEEP_S
        self._in_trouble = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._look_anyhow()
            await asyncio.sleep(LOOK_S)

    async def _look_anyhow(self) -> None:
        """A store in trouble is told of once, and does not end what is going on."""
        try:
            await self.look(asyncio.get_running_loop().time())
        except StoreError as error:
            if not self._in_trouble:
                log.error("%s", error)
            self._in_trouble = True
        else:
            self._in_trouble = False

    async def look(self, now: float) -> None:
        self._end_spent(now)
        await self._end_revoked()
        if self._ledger.has_news or now - self._saved_at >= SAVE_S:
            self._saved_at = now
            await self._ledger.save()
        if now - self._swept_at >= SWEEP_S:
            self._swept_at = now
            await self._ledger.sweep()

    async def _end_revoked(self) -> None:
        live = dict(self._calls.callers())
        if not live:
            return
        revision = await self._callers.revision()
        if revision != self._revision:
            self._revision, self._checked = revision, set()
        self._checked &= set(live)
        for call_id in live.keys() - self._checked:
            caller = live[call_id]
            if await self._callers.admits(caller.name, caller.token_hash):
                self._checked.add(call_id)
            else:
                self._calls.end(call_id, "the caller was revoked", REVOKED)

    def _end_spent(self, now: float) -> None:
        live = dict(self._calls.callers())
        self._spent_since = {call: at for call, at in self._spent_since.items() if call in live}
        for call_id in live:
            spent = self._limits.spent(self._ledger.used_by(call_id))
            if not spent:
                continue
            since = self._spent_since.setdefault(call_id, now)
            if now - since >= LAST_WORDS_S or not self._calls.is_busy(call_id):
                self._calls.end(call_id, spent, QUOTA)
