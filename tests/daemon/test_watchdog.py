"""The watchdog is fed from progress, and starves when the device is deaf."""

import asyncio
from dataclasses import replace

from edgevoice.daemon.watchdog import Progress, Watchdog, moved
from tests.virtual_time import elapse

BEFORE = Progress(captured=100, scored=10, capture_expected=True)


def test_progress_of_capture_and_scoring_counts_as_alive() -> None:
    assert moved(BEFORE, Progress(200, 11, True))


def test_a_microphone_that_delivers_nothing_is_not_alive() -> None:
    assert not moved(BEFORE, replace(BEFORE, scored=11))


def test_a_wake_word_that_is_not_scored_is_not_alive() -> None:
    assert not moved(BEFORE, replace(BEFORE, captured=200))


def test_a_muted_device_may_stand_still() -> None:
    assert moved(BEFORE, replace(BEFORE, capture_expected=False))


def test_a_lost_microphone_that_nobody_can_open_again_is_not_alive() -> None:
    assert not moved(BEFORE, Progress(100, 10, capture_expected=False, spinning=True))


class Service:
    def __init__(self, interval_s: float | None) -> None:
        self.watchdog_interval_s = interval_s
        self.fed = 0

    def watchdog(self) -> None:
        self.fed += 1


class House:
    """A device that captures and scores as long as it is told to."""

    def __init__(self, capture_expected: bool = True) -> None:
        self.alive = True
        self.count = 0
        self._expected = capture_expected

    def progress(self) -> Progress:
        self.count += self.alive
        return Progress(self.count, self.count, self._expected)


async def fed_during(service: Service, seconds: float) -> int:
    before = service.fed
    await elapse(seconds)
    return service.fed - before


async def test_it_is_fed_while_things_move_and_starved_when_they_stop() -> None:
    service, house = Service(2.0), House()
    task = asyncio.ensure_future(Watchdog(service, house.progress).run())
    assert 8 <= await fed_during(service, 10.0) <= 11
    house.alive = False
    assert await fed_during(service, 10.0) <= 1
    house.alive = True
    assert await fed_during(service, 10.0) >= 8
    task.cancel()


async def test_a_muted_device_is_fed_at_its_pace_and_lets_others_run() -> None:
    service, house = Service(2.0), House(capture_expected=False)
    task = asyncio.ensure_future(Watchdog(service, house.progress).run())
    assert 8 <= await fed_during(service, 10.0) <= 11
    task.cancel()


async def test_without_a_watchdog_there_is_nothing_to_feed() -> None:
    service = Service(None)
    await Watchdog(service, House().progress).run()
    assert service.fed == 0


async def test_what_got_stuck_is_told_once_each_time() -> None:
    house, told = House(), []
    task = asyncio.ensure_future(Watchdog(Service(2.0), house.progress, told.append).run())
    for alive in (True, False, True, False):
        house.alive = alive
        await elapse(10.0)
    assert told == ["the watchdog found that the microphone delivered nothing any more"] * 2
    task.cancel()
