"""Runs a Transceiver: inputs in from anywhere, actions out to the performer.

The only place on the device that reads the time for decisions, and the owner of
the one timer. Keeps the last steps as a flight; a broken invariant has it written
down and builds the transceiver anew, once. The second time the error leaves, and
the service manager restarts the process.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from edgevoice.transceiver.actions import (
    Action,
    CloseGate,
    CloseLink,
    EndTurn,
    FlushPlayout,
    Show,
    StopRing,
    StopSounds,
)
from edgevoice.transceiver.flight import Entry, Flight
from edgevoice.transceiver.inputs import DeadlinePassed, ForgetRequested, Input, MuteRequested
from edgevoice.transceiver.step import BUGS, Step, broken_by
from edgevoice.transceiver.transceiver import Transceiver

log = logging.getLogger(__name__)

SAFE: tuple[Action, ...] = (
    CloseGate("internal error"),
    CloseLink("internal error"),
    FlushPlayout(),
    StopRing(),
    StopSounds(),
    EndTurn("internal error"),
)

Observer = Callable[[Input, Transceiver], None]
Watcher = Callable[[Step, Transceiver], None]
"""Like an observer, and is told what was done as well."""


class Runner:
    def __init__(
        self,
        build: Callable[[], Transceiver],
        perform: Callable[[Action], None],
        dump: Callable[[Sequence[Entry], str], None],
    ) -> None:
        """`dump` is handed the flight and what broke."""
        self._build = build
        self._perform = perform
        self._dump = dump
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        """Unbounded on purpose: inputs are small, and each producer is bounded by itself."""
        self._rebuilt = False
        self._began = False
        self.flight = Flight()
        self.observers: list[Observer] = []
        self.watchers: list[Watcher] = []
        self.transceiver = build()

    def go_on(self, before: "Runner") -> None:
        """What happened to another one, which has ended, may explain what happens now."""
        self.flight = before.flight

    def post(self, happened: Input) -> None:
        """Hand over a fact. Loop thread only; threads use `call_soon_threadsafe`."""
        self._inbox.put_nowait(happened)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            happened = await self._next_input()
            self.step(happened, loop.time())

    def step(self, happened: Input, now: float) -> None:
        """Decide and act; everything between two awaits of `run`."""
        self._begin_flight(now)
        mind = self.transceiver
        before, remembered = mind.state, mind.conversation.last_item_id
        try:
            actions = mind.handle(happened, now)
        except BUGS as bug:
            said = broken_by(bug)
            self.flight.add(Step(now, happened, before, (), mind.state, said), mind)
            if not self._recover(said, now):
                raise
            # Whatever else is lost with the old one: who asked for silence gets it.
            if isinstance(happened, MuteRequested):
                self.step(happened, now)
            return
        step = Step(now, happened, before, actions, mind.state)
        self.flight.add(step, mind)
        for action in actions:
            self._perform(action)
        self._look_on(step, mind)
        forgotten = remembered and not mind.conversation.last_item_id
        if forgotten or isinstance(happened, ForgetRequested):
            self.flight.forget(mind, now)

    def _look_on(self, step: Step, mind: Transceiver) -> None:
        for observe in self.observers:
            observe(step.happened, mind)
        for watch in self.watchers:
            watch(step, mind)

    def _begin_flight(self, now: float) -> None:
        if not self._began:
            self._began = True
            self.flight.begin(self.transceiver, now)

    async def _next_input(self) -> Input:
        try:
            async with asyncio.timeout_at(self.transceiver.deadline):
                return await self._inbox.get()
        except TimeoutError:
            return DeadlinePassed()

    def _recover(self, broken: str, now: float) -> bool:
        log.exception("a broken invariant; the flight record is kept")
        for action in SAFE:
            self._perform(action)
        self._dump(self.flight.entries, broken)
        if self._rebuilt:
            return False
        self._rebuilt = True
        self.transceiver = self._build()
        self.flight.begin(self.transceiver, now)
        self._perform(Show(self.transceiver.indication))
        return True
