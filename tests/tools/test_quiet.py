"""Quiet hours by the clock and by order, over midnight, restarts and without a clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from edgevoice.errors import ToolError
from edgevoice.tools.alarm_clock import Moment
from edgevoice.tools.quiet import Quiet, quiet_hours
from edgevoice.tools.quiet_keeper import QuietKeeper
from tests.tools.test_timer_tools import Memory
from tests.virtual_time import elapse

NIGHT = quiet_hours("22:00", "07:00", "daily")
WEEKEND = quiet_hours("13:00", "15:00", "saturday, sunday")


def at(clock: str, day: str = "2027-03-01") -> float:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59", False), ("22:00", True), ("23:59", True), ("06:59", True), ("07:00", False)],
)
def test_the_night(clock: str, quiet: bool) -> None:
    assert Quiet(NIGHT).at(at(clock), UTC, trusted=True) is quiet


@pytest.mark.parametrize(
    ("day", "quiet"), [("2027-03-05", False), ("2027-03-06", True), ("2027-03-07", True)]
)
def test_on_some_days_only(day: str, quiet: bool) -> None:
    assert Quiet(WEEKEND).at(at("14:00", day), UTC, trusted=True) is quiet


def test_the_night_of_friday_ends_on_saturday() -> None:
    friday = Quiet(quiet_hours("22:00", "07:00", "friday"))
    assert friday.at(at("06:00", "2027-03-06"), UTC, trusted=True)
    assert not friday.at(at("06:00", "2027-03-05"), UTC, trusted=True)


def test_without_a_clock_there_are_no_hours_but_orders() -> None:
    quiet = Quiet(NIGHT)
    assert not quiet.at(at("23:00"), UTC, trusted=False)
    quiet.on()
    assert quiet.at(at("23:00"), UTC, trusted=False)


def test_an_order_ends_when_it_says() -> None:
    quiet = Quiet(None)
    quiet.on(at("14:00"))
    assert quiet.at(at("13:59"), UTC, trusted=True)
    assert not quiet.at(at("14:00"), UTC, trusted=True)
    assert not quiet.at(at("13:00"), UTC, trusted=True), "it is forgotten"


def test_switched_off_it_comes_again_the_next_night() -> None:
    quiet = Quiet(NIGHT)
    quiet.off(at("23:00"), UTC)
    assert not quiet.at(at("23:30"), UTC, trusted=True)
    assert quiet.at(at("22:30", "2027-03-02"), UTC, trusted=True)


def test_none_configured() -> None:
    assert quiet_hours("", "07:00", "daily") is None
    assert not Quiet(None).hangs_on_the_clock


@pytest.mark.parametrize("state", [{}, {"quiet": 1}, {"quiet": True, "until": "x"}, {"until": 5}])
def test_rubbish_is_no_order(state: dict[str, Any]) -> None:
    quiet = Quiet(None)
    quiet.restore(state)
    assert quiet.saved() == {}


class House:
    def __init__(self, store: Memory, hours: Any = None) -> None:
        self.changes: list[bool] = []
        clock = asyncio.get_running_loop().time
        self.keeper = QuietKeeper(
            Quiet(hours),
            store,
            lambda: Moment(clock(), at("21:00") + clock() - 1_000.0),
            self.changes.append,
        )


@asynccontextmanager
async def running(store: Memory, hours: Any = None) -> AsyncIterator[House]:
    house = House(store, hours)
    task = asyncio.ensure_future(house.keeper.run())
    await elapse(1)
    yield house
    await elapse(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_hours_come_and_go_by_themselves() -> None:
    async with running(Memory(), NIGHT) as house:
        await elapse(3600)
        assert house.changes == [True]
        assert house.keeper.told() == {"quiet": True, "until": "07:00"}
        await elapse(9 * 3600)
        assert house.changes == [True, False]


async def test_an_order_outlives_the_program() -> None:
    store = Memory()
    async with running(store) as house:
        assert await house.keeper.order(True, "23:00") == {"quiet": True, "until": "23:00"}
        assert house.changes == [True]
    async with running(store) as house:
        assert house.changes == [True]
        assert await house.keeper.order(False) == {"quiet": False}
    async with running(store) as house:
        assert house.changes == []


async def test_no_time_of_day() -> None:
    async with running(Memory()) as house:
        with pytest.raises(ToolError):
            await house.keeper.order(True, "soon")
        assert house.changes == []
