"""What the network does, and how often we are called for it."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager

import pytest

from edgevoice.errors import NetworkUnknown
from edgevoice.hardware.system.network import NetworkWatch, what_matters
from edgevoice.hardware.system.rtnetlink import Address, DefaultRoute, Fact
from edgevoice.simulator.namespace import Namespace
from tests.hardware.system.test_rtnetlink import CONTAINERS, ETHERNET, V4, V6, WIFI
from tests.networks import needs_namespaces
from tests.virtual_time import elapse

HOME = Address(WIFI, "198.51.100.7", V4)
HOME_WAY = DefaultRoute(WIFI, "198.51.100.1", V4, 600)
CABLE = Address(ETHERNET, "192.0.2.10", V4)
CABLE_WAY = DefaultRoute(ETHERNET, "192.0.2.1", V4, 100)
DOCKER = Address(CONTAINERS, "203.0.113.1", V4)
PRIVATE = Address(WIFI, "2001:db8:2::77", V6, is_temporary=True)
AT_HOME = frozenset({HOME, HOME_WAY})


class Notices(socket.socket):
    """Fails once where the kernel would say that it had to drop some."""

    overrun = False

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = super().recv(size, flags)
        if self.overrun:
            self.overrun = False
            raise OSError(errno.ENOBUFS, "No buffer space available")
        return data


class Kernel:
    """Says that something changed; what, has to be read."""

    def __init__(self, facts: Set[Fact] = AT_HOME) -> None:
        self.facts = facts
        self.readings = 0
        self.in_use: Set[str] = frozenset()
        self.calls: list[float] = []
        self.stirs: list[bool] = []
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices = Notices(fileno=theirs.detach())
        self.notices.setblocking(False)

    def becomes(self, *facts: Fact) -> None:
        self.facts = frozenset(facts)
        self._ours.send(b"a notice")

    def read(self) -> Set[Fact]:
        self.readings += 1
        return self.facts

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        watch = NetworkWatch(
            lambda: self.calls.append(asyncio.get_running_loop().time()),
            on_stir=self.stirs.append,
            in_use=lambda: self.in_use,
            subscribe=lambda: self.notices,
            read=self.read,
        )
        with self._ours:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(watch.run())
                await elapse(0.01)
                yield
                await elapse(1.0)
                task.cancel()


async def test_another_network_is_told_once_it_is_quiet() -> None:
    kernel = Kernel()
    async with kernel.watched():
        start = asyncio.get_running_loop().time()
        for facts in [(HOME,), (), (CABLE,), (CABLE, CABLE_WAY)]:
            kernel.becomes(*facts)
            await elapse(0.02)
    assert kernel.stirs == [True]
    assert kernel.calls == [pytest.approx(start + 0.06 + 0.1)]
    assert kernel.readings == 2


async def test_a_burst_without_end_is_told_after_all() -> None:
    kernel = Kernel()
    async with kernel.watched():
        start = asyncio.get_running_loop().time()
        for _ in range(8):
            kernel.becomes(CABLE, CABLE_WAY)
            await elapse(0.05)
    assert kernel.calls == [pytest.approx(start + 0.3)]


async def test_what_has_not_changed_is_no_news() -> None:
    kernel = Kernel()
    async with kernel.watched():
        kernel.becomes(*AT_HOME)
        await elapse(0.5)
        kernel.becomes(HOME_WAY)
        kernel.becomes(*AT_HOME)
        await elapse(0.5)
        kernel.becomes(DOCKER, *AT_HOME)
    assert kernel.calls == []
    assert kernel.stirs == [True, False] * 3


async def test_every_change_is_told() -> None:
    kernel = Kernel()
    async with kernel.watched():
        kernel.becomes(HOME)
        await elapse(0.5)
        kernel.becomes(*AT_HOME)
    assert len(kernel.calls) == 2


async def test_dropped_notices_may_have_been_a_change_and_back() -> None:
    kernel = Kernel()
    kernel.notices.overrun = True
    async with kernel.watched():
        kernel.becomes(*AT_HOME)
    assert len(kernel.calls) == 1


async def test_a_list_that_cannot_be_read_counts_and_is_read_the_next_time() -> None:
    kernel = Kernel()
    known = kernel.read

    def confused() -> Set[Fact]:
        if len(kernel.calls) == 0 and kernel.readings:
            raise NetworkUnknown("it changed while it was read")
        return known()

    kernel.read = confused  # type: ignore[method-assign]
    async with kernel.watched():
        kernel.becomes(CABLE, CABLE_WAY)
        await elapse(0.5)
        assert len(kernel.calls) == 1
        kernel.becomes(CABLE, CABLE_WAY)
    assert len(kernel.calls) == 2


async def test_without_netlink_it_says_so_once_and_rests(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> socket.socket:
        raise PermissionError(errno.EPERM, "not here")

    caplog.set_level(logging.INFO)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(100):
            await NetworkWatch(lambda: None, subscribe=refuse).run()
    (record,) = caplog.records
    assert "only when the relay falls silent" in record.getMessage()


def test_only_the_way_that_is_used_matters() -> None:
    both = {HOME, HOME_WAY, CABLE, CABLE_WAY, DOCKER}
    assert what_matters(both) == {CABLE, CABLE_WAY}
    assert what_matters(both, {HOME.address}) == {CABLE, CABLE_WAY, HOME}


def test_a_temporary_address_matters_while_it_is_in_use() -> None:
    here = {HOME, HOME_WAY, PRIVATE}
    assert what_matters(here) == AT_HOME
    assert what_matters(here, {PRIVATE.address}) == {HOME, HOME_WAY, PRIVATE}


def test_without_any_way_out_the_relay_may_be_next_door() -> None:
    assert what_matters({CABLE, DOCKER}) == {CABLE, DOCKER}


@pytest.mark.e2e
@needs_namespaces
async def test_a_real_kernel_tells() -> None:
    board = Namespace("board")
    calls: asyncio.Queue[None] = asyncio.Queue()
    try:
        board.create()
        board.ip("link add lan0 type veth peer name lan1")
        for order in ("link set lan1 up", "addr add 192.0.2.10/24 dev lan0", "link set lan0 up"):
            board.ip(order)
        with board.entered():
            async with asyncio.TaskGroup() as group:
                task = group.create_task(NetworkWatch(lambda: calls.put_nowait(None)).run())
                for order in (
                    "route add default via 192.0.2.1",
                    "addr add 192.0.2.20/24 dev lan0",
                    "link set lan0 down",  # the route goes, and no notice says so
                ):
                    await asyncio.sleep(0)
                    board.ip(order)
                    async with asyncio.timeout(2):
                        await calls.get()
                board.ip("link set lo mtu 1600")
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await calls.get()
                task.cancel()
    finally:
        board.remove()
