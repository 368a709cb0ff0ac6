import asyncio
import logging
from collections.abc import Sequence

import pytest

from edgevoice.errors import NeighbourError
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.neighbour import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_UNTOLD,
    Inbox,
    Neighbour,
    Neighbourhood,
)
from tests.virtual_time import elapse


class Listener:
    name = "listener"

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def run(self, inbox: Inbox) -> None:
        while True:
            happening = await inbox.get()
            assert happening is not None
            self.heard.append(happening.name)


class Broken:
    name = "broken"

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.tries: list[float] = []

    async def run(self, inbox: Inbox) -> None:
        self.tries.append(asyncio.get_running_loop().time())
        raise self._error


async def living(neighbours: Sequence[Neighbour], *, for_s: float) -> None:
    running = asyncio.ensure_future(Neighbourhood(neighbours).run())
    await elapse(for_s)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_everybody_is_told_in_order() -> None:
    neighbours = [Listener(), Listener()]
    neighbourhood = Neighbourhood(neighbours)
    running = asyncio.ensure_future(neighbourhood.run())
    for name in ("listening", "idle"):
        neighbourhood.tell(Happening(name))
    await elapse(0.01)
    running.cancel()
    assert [one.heard for one in neighbours] == [["listening", "idle"]] * 2


@pytest.mark.parametrize("error", [NeighbourError("away"), OSError("reset"), ZeroDivisionError()])
async def test_one_that_breaks_is_tried_again_with_longer_pauses(error: Exception) -> None:
    broken = Broken(error)
    await living([broken], for_s=4 * LONGEST_PAUSE_S)
    pauses = [b - a for a, b in zip(broken.tries, broken.tries[1:], strict=False)]
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert max(pauses) == LONGEST_PAUSE_S


async def test_the_same_trouble_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await living([Broken(NeighbourError("the broker is away"))], for_s=1_000)
    assert [record.message for record in caplog.records] == [
        "broken: the broker is away; it is tried again"
    ]


async def test_a_bug_is_told_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await living([Broken(ZeroDivisionError("x"))], for_s=1_000)
    assert [bool(record.exc_info) for record in caplog.records] == [True, False]


async def test_trouble_of_one_is_not_anothers() -> None:
    listener = Listener()
    neighbourhood = Neighbourhood([Broken(ZeroDivisionError()), listener])
    running = asyncio.ensure_future(neighbourhood.run())
    await elapse(10)
    neighbourhood.tell(Happening("idle"))
    await elapse(0.01)
    running.cancel()
    assert listener.heard == ["idle"]


async def test_who_is_far_behind_is_told_the_newest() -> None:
    inbox = Inbox()
    for number in range(MOST_UNTOLD + 3):
        inbox.put(Happening("idle", {"number": number}))
    first = await inbox.get()
    assert first is not None and first.fields == {"number": 3}
    assert inbox.forgotten == 3


async def test_patience_ends() -> None:
    began = asyncio.get_running_loop().time()
    assert await Inbox().get(5) is None
    assert asyncio.get_running_loop().time() - began == 5
