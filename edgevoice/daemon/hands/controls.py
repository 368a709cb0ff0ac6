"""Everything a hand can reach: button, volume keys, knob, mute switch, keys of other devices."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Protocol

from edgevoice.config import ButtonConfig, Config
from edgevoice.daemon.hands.deeds import Deeds, Reach
from edgevoice.daemon.hands.hand import Hand
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.hardware.gpio.pins import PinSource
from edgevoice.hardware.hands.button import Button
from edgevoice.hardware.hands.gestures import Gestures, Touched
from edgevoice.hardware.hands.input_keys import InputKeys
from edgevoice.hardware.hands.repeat import Repeat
from edgevoice.hardware.hands.rotary import Rotary
from edgevoice.hardware.hands.switch import Switch
from edgevoice.hardware.hands.timed import Timed
from edgevoice.transceiver.indication import Hold
from edgevoice.transceiver.inputs import MuteRequested, UnmuteRequested

SWITCH = "switch"


class _Part(Protocol):
    def open(self) -> None: ...

    def close(self) -> None: ...


class Controls:
    """Opened and closed with the device; `run` looks after what may come and go."""

    def __init__(
        self, config: Config, pins: PinSource, reach: Reach, memory: SettingsMemory
    ) -> None:
        button = config.button
        self._config = button
        self._pins = pins
        self._reach = reach
        self._memory = memory
        self._opened = ExitStack()
        self.on_hold: Callable[[Hold | None], object] = lambda hold: None
        self._switch = Switch(button, self._switched, pins)
        self._deeds = Deeds(reach, button.step_percent, self.switch_is_on)
        knob = Deeds(reach, config.rotary.step_percent)
        self._knob = Rotary(config.rotary, knob.change_volume, pins, pull_up=button.pull_up)
        self._buttons: list[Button[Any]] = [
            self._gesture_button(pin) for pin in (button.pin, config.rotary.press_pin)
        ]
        self._buttons += [
            self._volume_button(button.louder_pin, +1),
            self._volume_button(button.softer_pin, -1),
        ]
        self._keys = InputKeys(config.keys.device, self._key)
        self._volume_keys = {
            "louder": self._volume_key("louder key", +1),
            "softer": self._volume_key("softer key", -1),
        }

    def switch_is_on(self) -> bool:
        """The hardware mute switch: who asks for unmute then is refused."""
        return self._switch.is_on

    @property
    def stuck(self) -> list[str]:
        """Buttons that something lies on."""
        return [button.name for button in self._buttons if button.is_stuck]

    async def __aenter__(self) -> "Controls":
        parts: list[_Part] = [*self._buttons, self._knob, self._switch]
        with ExitStack() as opened:  # what is open is closed again when a later one fails
            for part in parts:
                part.open()
                opened.callback(part.close)
            for key in self._volume_keys.values():
                opened.callback(key.close)
            self._follow_switch()
            self._opened = opened.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._opened.close()

    async def run(self) -> None:
        await self._keys.run()

    def _gesture_button(self, pin: int | None) -> Button[Touched]:
        hand = Hand(self._config, self._reach, self._deeds, lambda hold: self.on_hold(hold))
        pull_up = self._config.pull_up
        return Button(pin, Gestures(self._config), hand.felt, self._pins, pull_up=pull_up)

    def _volume_button(self, pin: int | None, direction: int) -> Button[int]:
        reader, act = _repeat(self._config), self._stepping(direction)
        return Button(pin, reader, act, self._pins, pull_up=self._config.pull_up)

    def _volume_key(self, name: str, direction: int) -> Timed[int]:
        return Timed(name, _repeat(self._config), self._stepping(direction))

    def _stepping(self, direction: int) -> Callable[[int], object]:
        return lambda steps: self._deeds.change_volume(steps * direction)

    def _key(self, key: str, is_down: bool) -> None:
        now = asyncio.get_running_loop().time()
        match key:
            case "louder" | "softer":
                self._volume_keys[key].feed(is_down, now)
            case "talk" | "stop" | "mute" if is_down:
                self._deeds.do(key, now)

    def _follow_switch(self) -> None:
        """It may have been moved while nobody looked; what else has muted us stays."""
        is_on, was_on = self._switch.is_on, self._memory.switch_was_on
        if was_on and not self._switch.is_there:
            self._memory.remember_switch(False)  # nobody has moved it: muted stays muted
        elif is_on or was_on:
            self._switched(is_on)

    def _switched(self, is_on: bool) -> None:
        self._memory.remember_switch(is_on)
        self._reach.runner.post(MuteRequested(SWITCH) if is_on else UnmuteRequested(SWITCH))


def _repeat(config: ButtonConfig) -> Repeat:
    return Repeat(config.bounce_s, config.stuck_s)
