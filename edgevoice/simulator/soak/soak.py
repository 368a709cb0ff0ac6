"""One run: conversation after conversation, what breaks meanwhile, and the books of it."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from edgevoice.errors import ControlError, LaboratoryError
from edgevoice.simulator.soak.faults import produce
from edgevoice.simulator.soak.figures import tracebacks, waited_s
from edgevoice.simulator.soak.house import House
from edgevoice.simulator.soak.judgement import Sample
from edgevoice.simulator.soak.ledger import STARVED, Episode, Recovery, is_starved
from edgevoice.simulator.soak.sampler import Log, Sampler
from edgevoice.simulator.soak.schedule import TALKS, Schedule, Scheduled
from edgevoice.simulator.soak.talks import Talks
from edgevoice.simulator.soak.watcher import IDLE, first_after, reconnections

IDLE_S = 0.7
"""So long nothing goes on, and a conversation is over."""
SETTLE_S = 60.0
"""The longest that any of them may take to be over: think_s, reconnect_s and an answer."""
LOOK_S = 0.1
REST_EVERY = 4
REST_S, SETTLED_S = 5.5, 3.0
"""Connections that are kept for the next request are closed after some seconds; what is there
then is what is there for ever."""
TURNS = 30


@dataclass(frozen=True, slots=True)
class Options:
    minutes: float = 10.0
    rate: float = 15.0
    """Conversations a minute at most."""
    seed: int = 1
    faults: bool = True
    talks: tuple[str, ...] = TALKS
    isolated: bool = False
    """Loopback is our own, and may be taken down."""


@dataclass(slots=True)
class Outcome:
    episodes: list[Episode]
    recoveries: list[Recovery]
    reconnections: list[float]
    samples: list[Sample]
    trouble: list[str]
    """Unexplained, beside turns and questions."""


@dataclass(frozen=True, slots=True)
class Toll:
    """Up to a moment: blocks of the microphone that were dropped, and waits for a processor."""

    at_s: float
    dropped: int
    waited: dict[int, float]


class Soak:
    """Needs a house that is open."""

    def __init__(
        self, options: Options, house: House, into: Path, tell: Callable[[str], None]
    ) -> None:
        self._options = options
        self._house = house
        self._tell = tell
        self._log = Log(into / "samples.jsonl")
        self._talks = Talks(house)
        self._schedule = Schedule(options.seed, options.talks, faults=options.faults)
        self._chance = random.Random(options.seed)
        self._sampler = Sampler(house, self._log, lambda: self._calm)
        self._calm = False
        self._last_turn = 0
        self._mended: list[tuple[str, float]] = []
        self._outcome = Outcome([], [], [], self._sampler.samples, [])

    async def run(self) -> Outcome:
        """Everything, to the end of its time."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._house.watcher.run())
            await self._house.watcher.until_state(IDLE, within_s=SETTLE_S)
            sampling = group.create_task(self._sampler.run())
            try:
                await self._conduct()
            except LaboratoryError as broken:
                self._outcome.trouble.append(str(broken))
            watching.cancel()
            sampling.cancel()
        self._close_the_books()
        return self._outcome

    async def _conduct(self) -> None:
        """A plain question follows each fault: it has to be answered."""
        await self._rest()
        began, after_fault, number, unrested = self._house.clock(), False, 0, 0
        while self._house.clock() - began < self._options.minutes * 60:
            number, unrested = number + 1, unrested + 1
            started = self._house.clock()
            planned = self._schedule.next(started - began)
            planned = Scheduled("question") if after_fault else planned
            after_fault = bool(planned.fault)
            await self._play(number, planned)
            if unrested >= REST_EVERY and not after_fault:
                await self._rest()
                unrested = 0
            await asyncio.sleep(started + 60 / self._options.rate - self._house.clock())
        await self._rest()
        await self._house.order("tasks")

    async def _rest(self) -> None:
        """Nothing goes on, and nothing of what went on is left: measured is what stays."""
        await asyncio.sleep(SETTLED_S)
        self._calm = self._house.watcher.state == IDLE
        await asyncio.sleep(REST_S - SETTLED_S)
        self._calm = False

    async def _play(self, number: int, planned: Scheduled) -> None:
        episode = Episode(number, planned.talk, self._house.clock(), planned.fault)
        before = await self._toll()
        is_broken = False

        async def breaking(moment: str) -> None:
            nonlocal is_broken
            if planned.fault and moment == planned.moment and not is_broken:
                is_broken = True
                await self._break(planned.fault, episode)

        try:
            await self._talks.hold(planned.talk, episode, breaking)
        except ControlError as refused:
            if not planned.fault:
                episode.notes.append(f"unexplained: {refused}")
        if planned.fault and not is_broken:
            await self._break(planned.fault, episode)
        await self._settle(episode)
        self._charge(episode, before, await self._toll())
        await self._keep(episode, planned)

    async def _break(self, fault: str, episode: Episode) -> None:
        note = await produce(fault, self._house, self._chance, isolated=self._options.isolated)
        if note:
            episode.notes.append(note)
        self._mended.append((fault, self._house.clock()))

    async def _settle(self, episode: Episode) -> None:
        """The conversation is over, and every reload has been judged."""
        watcher, until = self._house.watcher, self._house.clock() + SETTLE_S
        while self._house.clock() < until:
            if self._house.reloads:
                self._judge(await self._house.reloaded(), episode)
            elif watcher.state == IDLE and self._house.clock() - watcher.since >= IDLE_S:
                return
            if not (self._house.device_pid and self._house.relay_pid):
                name = "relay" if self._house.device_pid else "device"
                raise LaboratoryError(f"the {name} has ended; see {self._house.directory}")
            await asyncio.sleep(LOOK_S)
        episode.notes.append(f"unexplained: {watcher.state} for too long")
        with suppress(ControlError):
            await self._house.ask("stop")

    def _judge(self, verdict: str | None, episode: Episode) -> None:
        if verdict is not None:
            good = verdict.startswith("reloaded")
            episode.notes.append(verdict if good else f"unexplained: {verdict}")

    async def _keep(self, episode: Episode, planned: Scheduled) -> None:
        told = await self._house.ask(f"turns {TURNS}")
        episode.turns = [turn for turn in told["turns"] if turn["turn"] > self._last_turn]
        if episode.turns:
            self._last_turn = episode.turns[-1]["turn"]
        self._outcome.episodes.append(episode)
        self._log.write("episode", asdict(episode))
        outcomes = ", ".join(str(turn["outcome"]) for turn in episode.turns) or "no turn"
        notes = "".join(f"; {note}" for note in episode.notes)
        notes += " (the machine was busy with others)" if is_starved(episode) else ""
        self._tell(f"{episode.began_s:7.1f} s  {planned}: {outcomes}{notes}")

    async def _toll(self) -> Toll:
        """What a busy machine has cost so far."""
        with suppress(ControlError):
            dropped = int((await self._house.ask("status"))["dropped_blocks"])
            pids = (self._house.device_pid, self._house.relay_pid)
            return Toll(self._house.clock(), dropped, {pid: waited_s(pid) for pid in pids})
        return Toll(self._house.clock(), 0, {})

    def _charge(self, episode: Episode, before: Toll, after: Toll) -> None:
        """A process that was begun meanwhile has waited since its beginning."""
        episode.ended_s = after.at_s
        episode.dropped = max(0, after.dropped - before.dropped)
        waited = [s - before.waited.get(pid, 0.0) for pid, s in after.waited.items()]
        episode.starved = max(waited, default=0.0) > STARVED * (after.at_s - before.at_s)

    def _close_the_books(self) -> None:
        happened, outcome = self._house.watcher.happened, self._outcome
        outcome.recoveries = [
            Recovery(fault, first_after(happened, at)) for fault, at in self._mended
        ]
        outcome.reconnections = reconnections(happened)
        for episode in outcome.episodes:
            for note in episode.notes:
                if note.startswith("unexplained: "):
                    what = note.removeprefix("unexplained: ")
                    outcome.trouble.append(f"conversation {episode.number}: {what}")
        for name in ("device", "relay"):
            if count := tracebacks(self._house.directory / f"{name}.log"):
                outcome.trouble.append(f"{count} tracebacks in {name}.log")
        self._log.close()
