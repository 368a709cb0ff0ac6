"""The player in virtual time: what is drawn when, and what happens when a light fails."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import time

import pytest

from edgevoice.hardware.lights.brightness import Brightness
from edgevoice.hardware.lights.colours import OKABE_ITO, PALETTES
from edgevoice.hardware.lights.player import LONGEST_RETRY_S, RETRY_S, Player
from edgevoice.transceiver.indication import SESSION, Countdown, Hold, Indication
from tests.hardware.lights.fakes import HangingLight, PaperLight
from tests.virtual_time import elapse

FULL = Brightness(1.0, 1.0)


@dataclass
class Wall:
    now: time = time(12)

    def __call__(self) -> time:
        return self.now


def player(light: PaperLight, brightness: Brightness = FULL, **settings: object) -> Player:
    loop = asyncio.get_running_loop()
    return Player(light, OKABE_ITO, brightness, loop.time, **settings)  # type: ignore[arg-type]


@asynccontextmanager
async def playing(light: PaperLight, *args: object, **settings: object) -> AsyncIterator[Player]:
    played = player(light, *args, **settings)  # type: ignore[arg-type]
    task = asyncio.ensure_future(played.run())
    await elapse(0.1)
    try:
        yield played
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        played.close()
        assert light.closed


async def test_what_blinks_is_drawn_when_it_changes_and_not_in_between() -> None:
    light = PaperLight()
    async with playing(light) as played:
        played.show(Indication.RINGING)
        light.frames.clear()
        await elapse(0.9 * 4 - 0.01)
        lit = [any(frame[0]) for frame, _ in light.frames]
        assert lit == [False, True, False, True, False, True, False]


@pytest.mark.parametrize("indication", [Indication.OFFLINE, Indication.MUTED, Indication.IDLE])
async def test_a_ring_that_stands_still_wakes_nobody(indication: Indication) -> None:
    light = PaperLight(count=12)
    async with playing(light, level=lambda: 1 / 0) as played:
        played.show(indication)
        await elapse(1)
        loop = asyncio.get_running_loop()
        timers = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        assert [t for t in timers if t.when() < loop.time() + 3_600] == []
        written = len(light.frames)
        await elapse(36_000)
        assert len(light.frames) == written


@pytest.mark.parametrize("indication", Indication)
async def test_there_are_at_most_thirty_frames_a_second(indication: Indication) -> None:
    light, loudness = PaperLight(count=24), iter(range(10_000))
    async with playing(light, level=lambda: next(loudness) % 3 / 2) as played:
        played.show(indication)
        await elapse(10)
        assert len(light.frames) <= 300


async def test_sixty_changes_a_second_are_not_sixty_frames() -> None:
    light = PaperLight(count=12)
    async with playing(light) as played:
        for percent in range(60):
            played.volume(percent)
            await elapse(1 / 60)
        assert len(light.frames) <= 32


@pytest.mark.parametrize("indication", sorted(SESSION, key=lambda i: i.value))
@pytest.mark.parametrize("blocks", [False, True])
async def test_a_session_is_lit_before_the_call_returns(
    indication: Indication, blocks: bool
) -> None:
    light = PaperLight(count=3, blocks=blocks)
    played = player(light)
    played.show(indication)
    assert light.is_lit
    assert played.works
    assert light.thread.startswith("light") == blocks
    played.close()


async def test_a_session_pattern_is_written_again_when_asked_for_again() -> None:
    """Somebody may have unplugged it since: only a write that succeeds is a proof."""
    light = PaperLight()
    played = player(light)
    played.show(Indication.LISTENING)
    light.broken = True
    played.show(Indication.LISTENING)
    assert not played.works


async def test_a_light_that_is_pulled_out_within_a_session_is_noticed() -> None:
    light, lost = PaperLight(count=12), list[bool]()
    async with playing(light) as played:
        played.on_lost = lambda: lost.append(played.works)
        played.show(Indication.LISTENING)
        await elapse(3)
        light.broken = True
        assert not lost
        await elapse(1.1)
        assert set(lost) == {False}


async def test_other_patterns_of_a_light_that_blocks_are_left_to_the_thread() -> None:
    light = PaperLight(blocks=True)
    async with playing(light) as played:
        light.frames.clear()
        played.show(Indication.MUTED)
        assert not light.frames
        await elapse(0.1)
        assert light.is_lit
        assert light.thread.startswith("light")


async def test_a_light_that_hangs_holds_the_loop_for_a_blink_and_counts_as_broken() -> None:
    light = HangingLight()
    played = player(light)
    light.released.set()
    played.show(Indication.LISTENING)
    assert played.works
    light.released.clear()
    played.show(Indication.LISTENING)
    assert not played.works
    played.show(Indication.THINKING)  # and is not asked again at once
    assert light.tried == 1
    light.released.set()
    played.close()


async def test_a_failure_is_reported_once_and_tried_again_ever_less_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    light = PaperLight(count=12, broken=True)
    async with playing(light) as played:
        played.show(Indication.MUTED)
        assert not played.works
        await elapse(60)
        assert 60 / LONGEST_RETRY_S <= light.tried <= 60 / LONGEST_RETRY_S + 6
        assert played.failures == light.tried
        light.broken = False
        await elapse(LONGEST_RETRY_S)
        assert played.works
        assert light.is_lit
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


async def test_a_light_that_is_back_is_found_within_a_second_if_it_was_gone_for_less() -> None:
    light = PaperLight()
    async with playing(light) as played:
        light.broken = True
        played.show(Indication.ERROR)
        await elapse(0.5)
        light.broken = False
        await elapse(RETRY_S)
        assert played.works


async def test_the_next_outage_is_reported_again(caplog: pytest.LogCaptureFixture) -> None:
    light = PaperLight()
    played = player(light)
    for broken in (True, False, True):
        light.broken = broken
        played.show(Indication.LISTENING)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


async def test_a_microphone_muted_by_its_own_button_is_shown_as_muted_and_not_as_lost() -> None:
    light, button, asked = PaperLight(count=12, blocks=True), [True], []

    def is_muted() -> bool:
        asked.append(1)
        return button[0]

    muted = (OKABE_ITO.muted, (0, 0, 0), (0, 0, 0)) * 4
    async with playing(light, is_muted=is_muted) as played:
        await elapse(5)
        assert not asked  # only a microphone that is lost is asked
        played.show(Indication.ERROR)
        await elapse(5)
        assert light.frames[-1][0] == muted
        assert len(asked) <= 6
        button[0] = False
        await elapse(1.2)
        assert {frame for frame, _ in light.frames[-2:]} == {
            (OKABE_ITO.error,) * 12,
            ((0, 0, 0),) * 12,
        }
        button[0] = True
        await elapse(1.2)
        played.show(Indication.IDLE)
        await elapse(0.1)
        assert not light.is_lit


async def test_the_night_comes_while_it_is_lit() -> None:
    wall, light = Wall(time(21, 59)), PaperLight(count=12)
    night = Brightness(0.5, 0.0, (time(22), time(7)))
    async with playing(light, night, wall=wall) as played:
        played.show(Indication.OFFLINE)
        assert light.frames[-1][1] == 0.5
        wall.now = time(22, 1)
        await elapse(61)
        assert light.frames[-1][1] == 0.0
        played.show(Indication.MUTED)
        assert light.frames[-1][1] > 0


async def test_an_answer_s_loudness_is_followed() -> None:
    loudness, light = [0.0], PaperLight(count=12)
    async with playing(light, level=lambda: loudness[0]) as played:
        played.show(Indication.SPEAKING)
        await elapse(0.5)
        quiet = light.frames[-1][0][0]
        loudness[0] = 1.0
        await elapse(0.5)
        assert light.frames[-1][0][0] > quiet


async def test_a_countdown_a_volume_and_a_long_press_are_drawn() -> None:
    light = PaperLight(count=12)
    async with playing(light) as played:
        now = asyncio.get_running_loop().time()
        played.countdown(Countdown(now + 60, 60))
        await elapse(1)
        assert light.is_lit
        played.countdown(None)
        await elapse(0.1)
        assert not light.is_lit
        played.volume(30)
        await elapse(1)
        assert light.is_lit
        await elapse(1.1)
        assert not light.is_lit
        played.hold(Hold(now, now + 100))
        await elapse(0.1)
        assert light.is_lit
        played.hold(None)
        await elapse(0.1)
        assert not light.is_lit


async def test_a_demonstration_ends_by_itself_or_when_something_must_be_seen() -> None:
    light = PaperLight()
    async with playing(light) as played:
        played.demonstrate("listening", 4.0)
        await elapse(3.9)
        assert light.is_lit
        await elapse(0.2)
        assert not light.is_lit
        played.demonstrate("listening", 4.0)
        await elapse(1)
        played.show(Indication.MUTED)
        assert light.frames[-1][0] == (PALETTES["default"].muted,)
