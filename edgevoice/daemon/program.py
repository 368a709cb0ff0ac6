"""`edgevoice run`: one device, and after a reload another one in the same process.

A reload reads the configuration again. One with mistakes is refused while the device goes
on. A good one has its models loaded first, waits for the end of a conversation, and is then
taken up by a new `Device`, which knows what the old one knew. If that does not come up, the
old configuration does. Reloads are asked for in `reloads.py`, devices are made in `app.py`.
"""

import asyncio
import faulthandler
import logging
import os
import signal
import sys
from asyncio import TaskGroup
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Timer
from typing import Any

from edgevoice.config import Config
from edgevoice.config_file import changed
from edgevoice.daemon import relays
from edgevoice.daemon.app import Device
from edgevoice.daemon.board import Board, Models, load_what_can_be, real_board
from edgevoice.daemon.control.reloads import LIVE, RESTART_ONLY, Reloads, Verdict
from edgevoice.errors import ConfigError, EdgeVoiceError, ModelError
from edgevoice.hardware.system.allocator import Allocator
from edgevoice.hardware.system.service_manager import ServiceManager, failing_aloud, reason
from edgevoice.link.relay import Relay
from edgevoice.transceiver.inputs import Input
from edgevoice.transceiver.transceiver import Transceiver
from edgevoice.webrtc.hardening import harden

log = logging.getLogger(__name__)

PATIENCE_S = 30.0
"""A conversation that is going on is finished first, within this time; so is a ringing timer.
`systemctl reload` waits for TimeoutStartSec, 60 s, and `edgevoice reload` for a little less."""
LOADING_S = 60.0
"""A second here, some on a small board with a slow card; imports have taken their time before."""
SETTLE_S = 10.0
"""From the start to the first sound, or to knowing that there will be none."""
COME_BACK_S = 3.0
"""A card that was just given back may be busy for a moment."""
LOOK_S = 0.02
"""A frame: when the first one has arrived it hears."""
SWAP_S = 60.0
"""From one device to the next, at most: the watchdog's bite is held back no longer."""
STUCK_S = 5.0
"""Stopping takes a fraction of a second. Whatever does not let go by now, such as a sound card
whose driver hangs, never will; systemd would kill us after 10 s and call it a failure."""
LEAVE_S = 1.0
"""For the threads that still wait for a name server or a card; there is nothing left to lose."""


def main(config: Config, reread: Callable[[], Config]) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    harden()
    if sys.stderr is not None:  # where a library crashes, or we are ended for standing still
        faulthandler.enable()
    asyncio.run(serve(config, reread, real_board))
    return 0


async def serve(
    config: Config, reread: Callable[[], Config], make_board: Callable[[Config], Board]
) -> None:
    """The program on this loop, with its signals, until it is stopped."""
    program = Program(config, reread, make_board, ServiceManager())
    loop = asyncio.get_running_loop()

    def stop() -> None:
        leave_within(STUCK_S)
        program.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, program.reload)
    await program.run()
    leave_within(LEAVE_S)


def leave_within(seconds: float) -> None:
    """Even if a thread hangs: the interpreter's end waits for all of them."""
    timer = Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a device needs that can be missing or wrong, and what takes long to load."""

    config: Config
    called: Sequence[Relay]
    models: Models


def prepare(config: Config) -> Prepared:
    """In a thread: it reads files. EdgeVoiceError says what is wrong."""
    board = real_board(config)
    return Prepared(config, relays.configured(config.link), board.models(config))


def prepare_anyway(config: Config) -> Prepared:
    """Likewise, with the models that can be loaded."""
    return Prepared(config, relays.configured(config.link), load_what_can_be(config))


@dataclass(slots=True)
class _Trial:
    """A configuration that has to prove itself, and the one to go back to."""

    number: int
    before: Config
    changed: tuple[str, ...]
    deaf_from: float
    lacked: frozenset[str]
    """What was not there before either, and says nothing against it."""


class Program:
    def __init__(
        self,
        config: Config,
        reread: Callable[[], Config],
        make_board: Callable[[Config], Board],
        service: ServiceManager,
        prepare: Callable[[Config], Prepared] = prepare,
        prepare_anyway: Callable[[Config], Prepared] = prepare_anyway,
    ) -> None:
        """`reread` reads files, in a thread, and raises a ConfigError that lists mistakes."""
        self._config = config
        self._reread = reread
        self._make_board = make_board
        self._service = service
        self._prepare = prepare
        self._prepare_anyway = prepare_anyway
        self._reloads = Reloads()
        self._allocator = Allocator()
        self._stopped = asyncio.Event()
        self._next: Prepared | None = None
        self._trial: _Trial | None = None
        self._swapping_until = 0.0
        self._note = ""
        self._lacking: tuple[str, ...] = ()
        """Models; what is mended since then is taken up by a reload."""
        self.device: Device | None = None

    def stop(self) -> None:
        """Let `run` return."""
        self._service.stopping()
        self._stopped.set()

    def reload(self) -> None:
        self._reloads.ask()

    async def run(self) -> None:
        """Until stopped. Raises what a device cannot go on with."""
        with failing_aloud(self._service):
            self._service.status("starting: loading the models")
            self._service.extend_start(LOADING_S)
            self._next = await asyncio.to_thread(self._prepare_surely, self._config)
            async with TaskGroup() as group:
                feeding = group.create_task(self._feed_while_swapping())
                while following := self._take_next():
                    await self._run(following)
                feeding.cancel()

    def _prepare_surely(self, config: Config) -> Prepared:
        """In a thread. A model that is missing or damaged costs what it was for, and no more."""
        try:
            return self._prepare(config)
        except ModelError:
            prepared = self._prepare_anyway(config)
        for told in prepared.models.lacking:
            log.error("it goes on without: %s", told)
        return prepared

    def _prepare_no_worse(self, config: Config) -> Prepared:
        """In a thread. What is missing already says nothing against another configuration."""
        try:
            return self._prepare(config)
        except ModelError:
            if not self._lacking:
                raise
        prepared = self._prepare_anyway(config)
        if worse := [told for told in prepared.models.lacking if told not in self._lacking]:
            raise ModelError("; ".join(worse))
        return prepared

    def _take_next(self) -> Prepared | None:
        following, self._next = self._next, None
        return None if self._stopped.is_set() else following

    async def _run(self, prepared: Prepared) -> None:
        """One device, to its end; what is next, if anything, is in `_next`."""
        try:
            await self._run_device(prepared)
        except (EdgeVoiceError, ExceptionGroup) as error:
            why = reason(error)
            if self._trial is None or not why:
                raise
            await self._go_back(why)

    async def _run_device(self, prepared: Prepared) -> None:
        self._lacking = prepared.models.lacking
        board = replace(self._make_board(prepared.config), models=lambda config: prepared.models)
        device = Device(prepared.config, prepared.called, board, self._service, self.device)
        device.commands.add(self._reloads.table())
        async with TaskGroup() as group:
            running = group.create_task(device.run())
            if await self._unless_stopped(group, device.ready.wait()):
                await self._conduct(device, prepared.config)
            else:
                running.cancel()  # something is being opened, and nobody needs it any more

    async def _unless_stopped(self, group: TaskGroup, awaited: Coroutine[Any, Any, Any]) -> bool:
        """False: we were stopped before that was over."""
        both = [group.create_task(awaited), group.create_task(self._stopped.wait())]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        return not self._stopped.is_set()

    async def _conduct(self, device: Device, config: Config) -> None:
        """Bring it up, see to reloads, and stop it."""
        await self._settled(device)
        self.device = device
        lacking = device.lacks
        if self._trial is not None and (lost := lacking - self._trial.lacked):
            await self._go_back(f"its {' and '.join(sorted(lost))} cannot be opened")
        else:
            self._come_up(device, config)
            async with TaskGroup() as group:
                await self._unless_stopped(group, self._reload_when_asked(device))
        device.stop()

    async def _settled(self, device: Device) -> None:
        """It hears, or something is missing, and stays so for a moment."""
        started = asyncio.get_running_loop().time()
        for _ in range(round(SETTLE_S / LOOK_S)):
            waited_s = asyncio.get_running_loop().time() - started
            comes_back = self._trial is not None and device.lacks and waited_s < COME_BACK_S
            if self._stopped.is_set() or (device.is_settled and not comes_back):
                return
            await asyncio.sleep(LOOK_S)

    def _come_up(self, device: Device, config: Config) -> None:
        """This is the one. Whoever waits for a reload is told when everybody can see it."""
        now = asyncio.get_running_loop().time()
        trial, self._trial, self._config = self._trial, None, config
        if trial is not None:
            deaf_s = now - trial.deaf_from
            self._tell(Verdict(trial.number, changed=trial.changed, deaf_s=deaf_s), device)
        elif self._note:
            device.line.note(self._note, device.runner.transceiver)
        self._swapping_until = 0.0
        self._service.ready()
        self._allocator.settle()

    async def _reload_when_asked(self, device: Device) -> None:
        """Returns when another device is to follow."""
        while self._next is None:
            number = await self._reloads.asked()
            log.info("reloading the configuration")
            self._service.reloading()
            try:
                await self._reload(number, device)
            except (EdgeVoiceError, OSError) as mistakes:
                self._tell(Verdict(number, refused=str(mistakes)), device)
            if self._next is None:
                self._service.ready()

    async def _reload(self, number: int, device: Device) -> None:
        """The device goes on meanwhile; EdgeVoiceError: and stays."""
        new = await asyncio.to_thread(self._reread)
        names = changed(self._config, new)
        if fixed := [name for name in names if name in RESTART_ONLY]:
            raise ConfigError(
                f"{', '.join(fixed)}: this takes a restart (systemctl restart edgevoice)"
            )
        if all(name.startswith(LIVE) for name in names) and not self._lacking:
            self._take_level(new)
            self._config = new
            self._tell(Verdict(number, changed=names), device)
            return
        # Whoever has changed no setting wants to know whether a model has been mended.
        prepare = self._prepare_no_worse if names else self._prepare
        prepared = await asyncio.to_thread(prepare, new)
        await self._until_idle(device)
        self._take_level(new)
        now = asyncio.get_running_loop().time()
        self._trial = _Trial(number, self._config, names, now, device.lacks)
        self._swapping_until = now + SWAP_S
        self._next = prepared

    async def _until_idle(self, device: Device) -> None:
        idle = asyncio.Event()

        def look(happened: Input, mind: Transceiver) -> None:
            if device.is_idle:
                idle.set()

        if device.is_idle:
            return
        mind = device.runner.transceiver
        device.line.note("the new configuration waits for the end of the conversation", mind)
        device.runner.observers.append(look)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await idle.wait()
        device.runner.observers.remove(look)

    async def _go_back(self, why: str) -> None:
        """The configuration that worked is taken up again, by a device of its own."""
        trial, self._trial = self._trial, None
        assert trial is not None
        self._take_level(trial.before)
        self._next = await asyncio.to_thread(self._prepare_surely, trial.before)
        self._tell(Verdict(trial.number, refused=f"{', '.join(trial.changed)}: {why}"), None)

    def _tell(self, verdict: Verdict, device: Device | None) -> None:
        for line in str(verdict).splitlines():
            log.log(logging.ERROR if verdict.refused else logging.INFO, "%s", line)
        self._note = " / ".join(str(verdict).splitlines()) if verdict.refused else ""
        if device is not None:
            device.line.note(self._note, device.runner.transceiver)
        self._reloads.judge(verdict)

    def _take_level(self, config: Config) -> None:
        logging.getLogger("edgevoice").setLevel(config.log_level.upper())

    async def _feed_while_swapping(self) -> None:
        """No device runs between two of them, and opening a card may take a while."""
        interval = self._service.watchdog_interval_s
        while interval is not None:
            if asyncio.get_running_loop().time() < self._swapping_until:
                self._service.watchdog()
            await asyncio.sleep(interval / 2)
