"""Runs a Transceiver: inputs in from anywhere, actions out to the performer.

The only place on the device that reads the time for decisions, and the owner of
the one timer. Keeps the last inputs as a flight record; a broken invariant dumps
it and builds the transceiver anew, once. The second time the error leaves, and
the service manager restarts the process.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from edgevoice.transceiver.actions import (
    Action,
    CloseGate,
    CloseLink,
    EndTurn,
    FlushPlayout,
    Show,
    StopSounds,
)
from edgevoice.transceiver.inputs import DeadlinePassed, Input, MuteRequested
from edgevoice.transceiver.transceiver import Transceiver

log = logging.getLogger(__name__)

FLIGHT_RECORD_INPUTS = 2_000
"""Some minutes of a busy session."""

SAFE: tuple[Action, ...] = (
    CloseGate("internal error"),
    CloseLink("internal error"),
    FlushPlayout(),
    StopSounds(),
    EndTurn("internal error"),
)

Observer = Callable[[Input, Transceiver], None]


class Runner:
    def __init__(
        self,
        build: Callable[[], Transceiver],
        perform: Callable[[Action], None],
        dump: Callable[[list[str]], None],
    ) -> None:
        self._build = build
        self._perform = perform
        self._dump = dump
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        """Unbounded on purpose: inputs are small, and each producer is bounded by itself."""
        self._flight: deque[tuple[float, Input]] = deque(maxlen=FLIGHT_RECORD_INPUTS)
        self._rebuilt = False
        self.observers: list[Observer] = []
        self.transceiver = build()

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
        self._flight.append((now, happened))
        try:
            actions = self.transceiver.handle(happened, now)
        except AssertionError:
            if not self._recover():
                raise
            # Whatever else is lost with the old one: who asked for silence gets it.
            if isinstance(happened, MuteRequested):
                self.step(happened, now)
            return
        for action in actions:
            self._perform(action)
        for observe in self.observers:
            observe(happened, self.transceiver)

    async def _next_input(self) -> Input:
        try:
            async with asyncio.timeout_at(self.transceiver.deadline):
                return await self._inbox.get()
        except TimeoutError:
            return DeadlinePassed()

    def _recover(self) -> bool:
        log.exception("a broken invariant; the flight record is kept")
        self._dump([f"{now:.6f} {happened!r}" for now, happened in self._flight])
        for action in SAFE:
            self._perform(action)
        if self._rebuilt:
            return False
        self._rebuilt = True
        self.transceiver = self._build()
        self._perform(Show(self.transceiver.indication))
        return True
