"""Chirps from a virtual loudspeaker to a virtual microphone, through a simulated room."""

import pytest

from edgevoice.audio.calibration import Measured
from edgevoice.doctor.sounding import Sounding
from edgevoice.errors import AudioError
from edgevoice.simulator.acoustics import EchoPath
from tests.doctor.rooms import RATE_HZ, Room
from tests.virtual_time import elapse

HANDED_OVER_MS = 20.0
"""A block is pulled when the microphone has captured as much; the simulated room plays it from
its beginning, that is 20 ms ago."""


async def measured(path: EchoPath | None, volume: float = 1.0) -> Measured:
    sounding = Sounding(Room(path).devices, RATE_HZ)
    async with sounding.opened():
        return (await sounding.measure(volume, 32_767)).measured


@pytest.mark.parametrize(("delay_ms", "drift_ppm"), [(40.0, 100.0), (150.5, -60.0)])
async def test_delay_and_drift_are_found(delay_ms: float, drift_ppm: float) -> None:
    room = EchoPath(RATE_HZ, delay_ms, -12, drift_ppm=drift_ppm, noise_dbfs=-55)
    heard = await measured(room)
    assert heard.echo is not None
    assert heard.echo.delay_ms == pytest.approx(delay_ms - HANDED_OVER_MS, abs=1)
    assert heard.echo.drift_ppm == pytest.approx(drift_ppm, abs=10)
    assert heard.noise_dbfs == pytest.approx(-55, abs=1)


@pytest.mark.parametrize(("level_db", "volume"), [(-30, 1.0), (0, 0.49)])
async def test_the_return_loss_does_not_depend_on_the_volume(
    level_db: float, volume: float
) -> None:
    heard = await measured(EchoPath(RATE_HZ, 80, level_db, noise_dbfs=-65), volume)
    assert heard.echo is not None
    assert heard.echo.return_loss_db == pytest.approx(-level_db, abs=1)


async def test_two_houses_hear_nothing_of_each_other() -> None:
    heard = await measured(None)
    assert heard.echo is None and heard.dead


async def test_progress_is_told_and_ends_at_the_end() -> None:
    told: list[float] = []
    sounding = Sounding(Room(EchoPath(RATE_HZ, 80, -10)).devices, RATE_HZ)
    async with sounding.opened():
        await sounding.measure(1.0, 32_767, told.append)
    assert told == sorted(told) and told[0] < 0.05 and 0.95 < told[-1] <= 1


@pytest.mark.slow
async def test_a_second_measurement_is_as_good_as_the_first() -> None:
    sounding = Sounding(Room(EchoPath(RATE_HZ, 80, -10, noise_dbfs=-60)).devices, RATE_HZ)
    async with sounding.opened():
        first = await sounding.measure(1.0, 32_767)
        await elapse(0.4)
        second = await sounding.measure(0.5, 32_767)
    one, other = first.measured.echo, second.measured.echo
    assert one is not None and other is not None
    assert other.delay_ms == pytest.approx(one.delay_ms, abs=0.1)
    assert other.dbfs == pytest.approx(one.dbfs - 6, abs=0.5)
    # What the canceller is told comes before the echo, but hardly before it was handed over.
    assert -1 < first.reference_ms < 10 < one.delay_ms


async def test_a_microphone_that_is_unplugged_ends_it() -> None:
    room = Room(EchoPath(RATE_HZ, 80, -10))
    sounding = Sounding(room.devices, RATE_HZ)

    def unplug(share: float) -> None:
        if share > 0.5:
            room.microphones[0].unplug()

    with pytest.raises(ExceptionGroup) as caught:
        async with sounding.opened():
            await sounding.measure(1.0, 32_767, unplug)
    assert caught.group_contains(AudioError, match="unplugged")
