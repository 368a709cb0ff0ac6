"""From a finger on a pin to what becomes of the conversation; a real mind, pins in memory."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import (
    ButtonConfig,
    Config,
    ContextConfig,
    LinkConfig,
    RotaryConfig,
    TurnConfig,
)
from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.hands.controls import Controls
from edgevoice.daemon.hands.deeds import Reach
from edgevoice.daemon.runner import Runner
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.errors import GpioError
from edgevoice.hardware.gpio.pins import mock_pins
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.transceiver.actions import Action, OpenGate, PlaySound
from edgevoice.transceiver.indication import Hold
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    ForgetRequested,
    Input,
    StopRequested,
    TimerRang,
    UnmuteRequested,
    WakeDetected,
)
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver
from tests.fault_report import Measured
from tests.virtual_time import elapse

PIN = 17
KNOB = (5, 6)
KNOB_PRESS, LOUDER, SOFTER, MUTE = 13, 23, 24, 4

BUTTON = ButtonConfig(pin=PIN, louder_pin=LOUDER, softer_pin=SOFTER, mute_pin=MUTE)


class Bench:
    def __init__(self, folder: Path, button: ButtonConfig, *, muted: bool = False) -> None:
        self.pins = mock_pins()
        self.done: list[Action] = []
        self.happened: list[Input] = []
        self.holds: list[Hold | None] = []
        self._muted = muted
        self.memory = SettingsMemory(StateFile(folder / "settings.json"))
        self.memory.load()
        self.volume = Volume(PlayoutBuffer(48_000), self.memory)
        self.volume.restore(50)
        self.runner = Runner(self._mind, self.done.append, lambda lines: None)
        self.runner.observers.append(lambda happened, mind: self.happened.append(happened))
        reach = Reach(self.runner, self.volume, self._press, self.done.append)
        config = replace(Config(), button=button, rotary=RotaryConfig(KNOB, KNOB_PRESS))
        self.controls = Controls(config, lambda: self.pins, reach, self.memory)
        self.controls.on_hold = self.holds.append

    def _mind(self) -> Transceiver:
        turn, context, link = TurnConfig(), ContextConfig(), LinkConfig()
        return Transceiver(turn, context, link, (), 0, muted=self._muted)

    def _press(self, at: float) -> None:
        self.runner.post(ButtonPressed(round(at * 16_000)))

    @property
    def state(self) -> State:
        return self.runner.transceiver.state

    @property
    def is_muted(self) -> bool:
        return self.runner.transceiver.facts.muted

    @property
    def sounds(self) -> list[str]:
        return [action.name for action in self.done if isinstance(action, PlaySound)]

    async def press(self, *lengths: float, pin: int = PIN) -> None:
        for length in lengths:
            self.pins.drive(pin, False)
            await elapse(length)
            self.pins.drive(pin, True)
            await elapse(0.15)


@asynccontextmanager
async def running(
    folder: Path, button: ButtonConfig = BUTTON, *, muted: bool = False
) -> AsyncIterator[Bench]:
    bench = Bench(folder, button, muted=muted)
    async with bench.controls:
        task = asyncio.ensure_future(bench.runner.run())
        await elapse(0.01)
        try:
            yield bench
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_press_opens_the_gate_while_the_button_is_still_down(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        bench.pins.drive(PIN, False)
        await elapse(0.04)
        assert any(isinstance(action, OpenGate) for action in bench.done)


async def test_a_single_press_talks_once(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        await bench.press(0.1)
        await elapse(1)
        assert [type(each) for each in bench.happened].count(ButtonPressed) == 1
        assert bench.state is State.CONNECTING


async def test_a_double_press_takes_the_talk_back(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        await bench.press(0.1, 0.1)
        assert bench.state is State.IDLE
        assert bench.runner.transceiver.last_ending == "stopped"


async def test_a_long_press_mutes_and_the_next_one_unmutes(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        await bench.press(1.1)
        await elapse(1)
        assert (bench.is_muted, bench.state) == (True, State.IDLE)
        assert bench.sounds[-1] == "muted"
        bench.done.clear()
        await bench.press(1.1)
        await elapse(1)
        assert not bench.is_muted
        assert bench.sounds == ["done"]  # and not first that it is muted


async def test_whatever_is_pressed_while_muted_it_says_that_it_is(tmp_path: Path) -> None:
    for presses in ((0.1,), (0.1, 0.1), (0.1, 0.1, 0.1)):
        async with running(tmp_path, muted=True) as bench:
            await bench.press(*presses)
            await elapse(1)
            assert bench.sounds == ["muted"]


async def test_nothing_means_nothing_but_is_not_ignored_while_muted(tmp_path: Path) -> None:
    button = replace(BUTTON, single="none", long="none")
    async with running(tmp_path, button, muted=True) as bench:
        await bench.press(0.1)
        await elapse(1)
        assert bench.sounds == ["muted"]


async def test_a_ringing_timer_stops_at_once_though_muted(tmp_path: Path) -> None:
    async with running(tmp_path, muted=True) as bench:
        bench.runner.post(TimerRang("eggs"))
        await elapse(0.1)
        assert bench.runner.transceiver.facts.ringing
        bench.pins.drive(PIN, False)
        await elapse(0.05)
        assert not bench.runner.transceiver.facts.ringing


async def test_sure_instead_of_at_once_the_press_counts_from_when_it_was(tmp_path: Path) -> None:
    async with running(tmp_path, replace(BUTTON, at_once=False)) as bench:
        began = asyncio.get_running_loop().time()
        bench.pins.drive(PIN, False)
        await elapse(0.1)
        bench.pins.drive(PIN, True)
        assert bench.state is State.IDLE
        await elapse(1)
        [pressed] = [each for each in bench.happened if isinstance(each, ButtonPressed)]
        assert pressed.sample == pytest.approx(began * 16_000, abs=160)


async def test_a_very_long_press_warns_then_forgets(tmp_path: Path) -> None:
    async with running(tmp_path, replace(BUTTON, very_long="forget")) as bench:
        bench.pins.drive(PIN, False)
        await elapse(8)
        hold = bench.holds[-1]
        assert hold is not None
        assert hold.acts_at - hold.began == pytest.approx(3.0, abs=0.01)
        assert PlaySound("connecting", repeat=True) in bench.done
        assert ForgetRequested() not in bench.happened
        await elapse(3)
        assert ForgetRequested() in bench.happened
        assert bench.holds[-1] is None
        assert bench.sounds[-1] == "done"
        assert (bench.state, bench.is_muted) == (State.IDLE, False)


async def test_let_go_when_warned_nothing_is_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path, replace(BUTTON, very_long="forget")) as bench:
        await bench.press(8.0)
        await elapse(5)
        assert ForgetRequested() not in bench.happened
        assert bench.holds[-1] is None
        assert (bench.state, bench.is_muted) == (State.IDLE, False)


@pytest.mark.fault("stuck-button")
async def test_a_stuck_button_hangs_up_again_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, measured: Measured
) -> None:
    async with running(tmp_path, replace(BUTTON, long="none")) as bench:
        bench.pins.drive(PIN, False)
        await elapse(0.1)
        assert bench.state is not State.IDLE
        took_s = 0.1
        while not bench.controls.stuck and took_s < 30:
            await elapse(0.1)
            took_s += 0.1
        assert bench.controls.stuck == ["button on pin 17"]
        assert took_s == pytest.approx(BUTTON.stuck_s, abs=0.11)
        assert bench.state is State.IDLE
        (warning,) = [r for r in caplog.records if r.levelno == logging.WARNING]
        assert "button on pin 17 is held too long: stuck" in warning.message
        measured(f"hung up, ignored and logged {took_s:.1f} s after it went down")
        bench.runner.post(WakeDetected("alexa", 0.9, 0, 1, 2))
        await elapse(0.1)
        assert bench.state is State.CONNECTING
        bench.pins.drive(PIN, True)
        await elapse(1)
        assert (bench.state, bench.controls.stuck) == (State.CONNECTING, [])
        await bench.press(0.1)
        assert bench.state is State.IDLE


async def test_a_stuck_button_that_has_meant_something_already_does_no_more(
    tmp_path: Path,
) -> None:
    """It muted after a second; who unmutes and talks meanwhile is not hung up on."""
    async with running(tmp_path) as bench:
        bench.pins.drive(PIN, False)
        await elapse(5)
        assert bench.is_muted
        bench.runner.post(UnmuteRequested("control"))
        bench.runner.post(ButtonPressed(0))
        await elapse(0.1)
        stops = [each for each in bench.happened if isinstance(each, StopRequested)]
        await elapse(20)
        assert bench.controls.stuck
        assert stops == [each for each in bench.happened if isinstance(each, StopRequested)]


async def test_two_presses_that_mean_nothing_together_are_one_and_one(tmp_path: Path) -> None:
    button = replace(BUTTON, double="none", triple="forget")
    async with running(tmp_path, button) as bench:
        await bench.press(0.1, 0.1)
        await elapse(1)
        assert [type(each) for each in bench.happened].count(ButtonPressed) == 2
        assert bench.runner.transceiver.last_ending == "cancelled"


async def test_the_knob_turns_the_volume_and_its_press_talks(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        for _ in range(3):
            for a, b in ((False, True), (False, False), (True, False), (True, True)):
                bench.pins.drive(KNOB[0], a)
                bench.pins.drive(KNOB[1], b)
                await elapse(0.1)
        assert bench.volume.percent == 56
        await bench.press(0.1, pin=KNOB_PRESS)
        assert bench.state is State.CONNECTING


async def test_volume_buttons_step_and_repeat_while_held(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        await bench.press(0.1, pin=LOUDER)
        assert bench.volume.percent == 60
        await bench.press(2.5, pin=SOFTER)
        assert bench.volume.percent == 0


async def test_the_mute_switch_mutes_and_nobody_overrules_it(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        bench.pins.drive(MUTE, False)
        await elapse(0.1)
        assert bench.is_muted
        await bench.press(1.1)
        await elapse(1)
        assert bench.is_muted
        assert bench.controls.switch_is_on()
        bench.pins.drive(MUTE, True)
        await elapse(0.1)
        assert not bench.is_muted


async def test_a_switch_that_was_moved_while_nobody_looked_is_followed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, BUTTON, muted=True)
    bench.memory.remember_switch(True)
    async with bench.controls:
        task = asyncio.ensure_future(bench.runner.run())
        await elapse(0.1)
        assert not bench.is_muted
        assert not bench.memory.switch_was_on
        task.cancel()


async def test_what_else_has_muted_it_outlives_a_switch_that_is_off(tmp_path: Path) -> None:
    async with running(tmp_path, muted=True) as bench:
        await elapse(1)
        assert bench.is_muted


async def test_keys_of_other_devices_do_the_same(tmp_path: Path) -> None:
    async with running(tmp_path) as bench:
        for key in ("louder", "mute"):
            bench.controls._key(key, True)
            await elapse(0.1)
            bench.controls._key(key, False)
            await elapse(0.1)
        assert (bench.volume.percent, bench.is_muted) == (60, True)


async def test_a_pin_that_is_taken_gives_the_others_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, BUTTON)
    taken = bench.pins.output(MUTE, active_high=True)
    with pytest.raises(GpioError, match=f"pin {MUTE}"):
        await bench.controls.__aenter__()
    bench.pins.contact(PIN, True, lambda pressed, age_s: None).close()
    taken.close()


async def test_a_switch_that_is_not_configured_any_more_unmutes_nobody(tmp_path: Path) -> None:
    bench = Bench(tmp_path, replace(BUTTON, mute_pin=None), muted=True)
    bench.memory.remember_switch(True)
    async with bench.controls:
        assert bench.runner._inbox.empty() and not bench.memory.switch_was_on
