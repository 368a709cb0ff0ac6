"""One device after another: what a reload keeps, refuses, waits for and takes back."""

import asyncio
import logging
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgevoice.config import Config, IndicatorConfig, TurnConfig
from edgevoice.daemon.program import PATIENCE_S, Prepared
from edgevoice.errors import ModelError
from edgevoice.transceiver.inputs import TimerRang
from edgevoice.transceiver.states import State
from tests.daemon.household import Household, living, prepared
from tests.daemon.test_app import silent_relay
from tests.virtual_time import elapse

pytestmark = pytest.mark.models

LONGER = TurnConfig(follow_up_s=9.0)


async def test_it_is_ready_when_it_hears_and_says_goodbye(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        assert house.device.is_settled and house.tell("status")["captured_s"] >= 0
        assert house.systemd.told[0] == "STATUS=starting: loading the models"
    assert house.systemd.signs == ["READY=1", "STOPPING=1"]


async def test_a_good_one_applies_and_what_was_known_goes_on(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        old = house.device
        house.tell("volume 30")
        house.tell("mute")
        await elapse(0.1)
        house.write(turn=LONGER)
        told = await house.reload()
        assert told["said"].startswith("reloaded: turn.follow_up_s") and not told["refused"]
        assert house.device is not old
        status = house.tell("status")
        assert (status["volume"], status["muted"]) == (30, True)
        assert len(house.rooms) == 2 and not house.room.microphone.blocks
        assert house.systemd.signs == ["READY=1", "RELOADING=1", "READY=1"]


async def test_mute_goes_on_even_where_it_cannot_be_written(tmp_path: Path) -> None:
    house = Household(tmp_path)
    (tmp_path / "state").write_text("in the way of the folder")
    async with living(house):
        house.tell("mute")
        await elapse(0.1)
        house.write(turn=LONGER)
        await house.reload()
        assert house.tell("status")["muted"] is True


async def test_the_turns_and_the_flight_record_go_on(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        house.tell("wake")
        await elapse(20)
        assert house.tell("status")["last_turn"]["number"] == 1
        house.write(turn=LONGER)
        await house.reload()
        assert house.tell("status")["last_turn"]["number"] == 1
        assert "ButtonPressed" in repr(house.device.runner.flight.entries)
        house.tell("wake")
        await elapse(20)
        assert house.tell("status")["last_turn"]["number"] == 2


async def test_one_with_mistakes_is_refused_and_nothing_stops(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        old = house.device
        house.written = "config.yaml:3: turn.idle_s: must be a number\nconfig.yaml:4: x"
        told = await house.reload()
        assert "config.yaml:3: turn.idle_s" in told["refused"]
        assert house.device is old
        assert house.systemd.status_line.startswith("reload refused")
        assert "config.yaml:3" in house.systemd.status_line
        house.written = house.config
        assert (await house.reload())["said"] == "reloaded: no setting has changed"
        assert "refused" not in house.systemd.status_line


async def test_what_is_missing_for_it_is_found_before_the_old_one_ends(tmp_path: Path) -> None:
    house = Household(tmp_path)

    def missing(config: Config) -> Prepared:
        if config.turn is LONGER:
            raise ModelError("no model for the wake word")
        return prepared(config)

    house.prepared = missing
    async with living(house):
        old = house.device
        house.write(turn=LONGER)
        assert "no model" in (await house.reload())["refused"]
        assert house.device is old


@pytest.mark.parametrize(
    ("broken", "told"),
    [("unplugged", "its microphone cannot be opened"), ("broken", "the speaker is taken")],
)
async def test_one_that_does_not_come_up_is_taken_back(
    tmp_path: Path, broken: str, told: str
) -> None:
    house = Household(tmp_path)
    async with living(house):
        house.tell("mute" if broken == "broken" else "volume 30")
        setattr(house, broken, True)
        house.write(turn=LONGER)
        verdict = await house.reload()
        assert verdict["refused"] == f"turn.follow_up_s: {told}"
        await elapse(1)
        status = house.tell("status")
        assert (status["microphone"], len(house.rooms)) == ("ok", 3)
        assert status["muted"] is (broken == "broken") or status["volume"] == 30
        assert house.systemd.status_line.startswith("reload refused")
        assert house.systemd.signs[-1] == "READY=1"
        assert (await house.reload())["refused"] == ""  # and the next one is judged afresh


async def test_where_we_are_found_stays_until_a_restart(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        house.write(control=replace(house.config.control, socket=str(tmp_path / "other.sock")))
        assert "takes a restart" in (await house.reload())["refused"]


async def test_a_conversation_is_finished_first(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = Household(tmp_path, url)
        async with living(house):
            old = house.device
            house.tell("wake")
            await house.until(State.CONNECTING)
            house.write(turn=LONGER)
            house.tell("reload")
            await elapse(1)
            assert house.device is old
            assert "waits for the end of the conversation" in house.systemd.status_line
            house.tell("stop")
            await elapse(1)
            assert house.device is not old
            assert [entry["why"] for entry in house.left] == ["control"]


async def test_but_no_longer_than_that(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        old = house.device
        house.device.runner.post(TimerRang("eggs"))
        house.write(turn=LONGER)
        await elapse(0.1)
        house.tell("reload")
        await elapse(PATIENCE_S - 2)
        assert house.device is old
        await elapse(4)
        assert house.device is not old


async def test_what_needs_no_other_device_makes_none(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        old = house.device
        house.write(log_level="warning", relay=replace(house.config.relay, engine="parrot"))
        assert (await house.reload())["said"] == "reloaded: log_level, relay.engine"
        assert house.device is old
        assert logging.getLogger("edgevoice").level == logging.WARNING
        house.written = house.config
        await house.reload()
        assert logging.getLogger("edgevoice").level == logging.INFO


async def test_what_was_asked_of_a_program_before_is_answered(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        assert "started anew" in house.tell("reloaded 7")["refused"]


async def test_stopped_in_the_middle_of_a_reload_it_ends(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house) as task:
        house.write(turn=LONGER)
        house.tell("reload")
        await elapse(0.05)
        house.program.stop()
        async with asyncio.timeout(2):
            await task
        assert house.systemd.signs[-1] == "STOPPING=1"


async def test_what_ends_it_is_in_the_status(tmp_path: Path) -> None:
    house = Household(tmp_path, indicator=IndicatorConfig())
    (tmp_path / "control.sock").write_text("in the way")
    async with living(house) as task:
        with pytest.raises(ExceptionGroup):
            await task
    assert house.systemd.status_line.startswith("failed: ")
    assert "correct control.socket" in house.systemd.status_line


@pytest.mark.slow
def test_a_thread_that_waits_for_ever_does_not_hold_it_up() -> None:
    script = (
        "import asyncio, time\n"
        "from edgevoice.daemon import program\n"
        "async def main():\n"
        "    asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)\n"
        "    program.leave_within(0.5)\n"
        "asyncio.run(main())\n"
    )
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    assert time.monotonic() - began < 20


async def test_timers_orders_and_announcements_go_on_where_nothing_can_be_written(
    tmp_path: Path,
) -> None:
    house = Household(tmp_path)
    (tmp_path / "state").write_text("in the way of the folder")
    async with living(house):
        await house.ask('timers set_timer {"seconds": 600, "label": "pasta"}')
        await house.ask("dnd on")
        house.device._unasked.announcements.add(np.full(4_800, 9_000, np.int16), urgent=False)
        await elapse(0.1)
        house.write(turn=LONGER)
        await house.reload()
        await elapse(0.1)
        status = house.tell("status")
        assert [timer["label"] for timer in status["timers"]] == ["pasta"]
        assert status["do_not_disturb"]["quiet"] is True
        await house.ask("dnd off")
        await elapse(0.1)
        assert house.device.runner.transceiver.facts.announcing, "it was held, and is said now"


async def test_the_minutes_of_the_day_go_on(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        house.tell("wake")
        await elapse(20)
        day = house.device.runner.transceiver.day
        assert day[1] > 0
        house.write(turn=LONGER)
        await house.reload()
        assert house.device.runner.transceiver.day == day


async def test_what_was_missing_before_says_nothing_against_it(tmp_path: Path) -> None:
    house = Household(tmp_path)
    async with living(house):
        house.device._speaker_lost("unplugged")
        house.device._capture.lost("unplugged")
        house.unplugged = True
        house.write(turn=LONGER)
        assert (await house.reload())["refused"] == ""
