"""Erases what the board knows of its people: in memory first, so that nothing is written anew.

`forget` alone is about the conversation. `forget all` is about every trace; the board's
key goes with `key`, and relays are asked to forget with `relay`. `forget failure NAME` is
about one failure that its owner has looked at, and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgevoice.daemon.context_memory import ContextMemory
from edgevoice.daemon.control.commands import Answer, Command, Told
from edgevoice.daemon.diary.diary import Diary
from edgevoice.daemon.diary.kept import erasable, erase, erasing
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.runner import Runner
from edgevoice.errors import ControlError
from edgevoice.transceiver.inputs import ForgetRequested, StopRequested
from edgevoice.transceiver.states import State

WORDS = frozenset({"all", "key", "relay"})

ELSEWHERE = (
    "our relay forgets by itself (relay.context_minutes), others on their own"
    " terms; a conversation that is going on keeps what it knows until its end"
)

WORK_S = 20.0
"""Some relays, one after the other, each within `relay_link.FORGET_S`."""

ROUNDS = 1_000
"""Of the event loop, for what is in front of us to be dealt with."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    runner: Runner
    context: ContextMemory
    diary: Diary
    turns: TurnLog
    cancel_timers: Callable[[], Awaitable[object]]
    ask_relays: Callable[[], Awaitable[Sequence[Told]]]

    def table(self) -> dict[str, Command]:
        told = (
            "erase what was said; with `all` every trace, with `key` the key, with `relay` there;"
            " or with `failure NAME` that one alone"
        )
        return {"forget": Command(self.forget, told, argument=True, patience_s=WORK_S)}

    def forget(self, argument: str) -> Answer:
        what, _, name = argument.partition(" ")
        if what == "failure":
            return self._dismiss(name.strip())
        asked = set(argument.split())
        if asked - WORDS:
            raise ControlError(f"{argument!r} is none of: all, key, relay")
        if not asked:
            known = self._known()
            self.runner.post(ForgetRequested())
            return {**known, "elsewhere": ELSEWHERE}
        return self._forget(asked)

    async def _dismiss(self, name: str) -> Told:
        return await asyncio.to_thread(self.diary.failures.dismiss, name)

    def _known(self) -> dict[str, Any]:
        known = self.runner.transceiver.conversation
        return {"erased_items": len(known.items), "erased_bytes": known.size_bytes}

    async def _forget(self, asked: set[str]) -> Told:
        known = self._known()
        if "all" in asked:
            self.runner.post(StopRequested("forget"))
        self.runner.post(ForgetRequested())
        await self._settled(stopped="all" in asked)
        answer = {**known, **await self._erase(asked)}
        if "relay" in asked:
            answer["relays"] = list(await self.ask_relays())
        return answer

    async def _settled(self, stopped: bool) -> None:
        """Both orders were carried out."""
        for _ in range(ROUNDS):
            mind = self.runner.transceiver
            if not mind.conversation.last_item_id and not (
                stopped and mind.state is not State.IDLE
            ):
                return
            await asyncio.sleep(0)
        raise ControlError("the conversation cannot be ended; restart edgevoice, and try again")

    async def _erase(self, asked: set[str]) -> dict[str, Any]:
        await asyncio.to_thread(self.context.erase)
        chosen = erasing(everything="all" in asked, key="key" in asked)
        if "all" in asked:
            await self.cancel_timers()
            self.turns.reports.clear()
            self.diary.recorder.forget()
            self.diary.failures.forget()
            self.diary.history.forget()
            self.diary.reasons.forget()
        erased = await asyncio.to_thread(self._erase_files, asked, chosen)
        if erased["erased"]:
            self.diary.privacy.forgotten(erased["erased"])
        return erased

    def _erase_files(self, asked: set[str], chosen: frozenset[str]) -> dict[str, Any]:
        """By those who write them, under their locks; then whatever else lies there."""
        there = erasable(self.diary.directory, chosen)
        if "all" in asked:
            self.diary.forget_files()
        return {"erased": there, "stuck": erase(self.diary.directory, chosen)}
