"""The part of the configuration that is about hands: buttons, a knob, keys, a mute switch.

Written as in `config.py`, which is where everybody else imports these from.
"""

from dataclasses import dataclass
from typing import Literal

Meaning = Literal["none", "talk", "stop", "mute", "forget", "louder", "softer"]
"""What a gesture does. `talk` wakes, stops an answer or a ringing timer; `stop` is quiet
and hangs up; `mute` closes the microphone, or opens it again; `forget` erases what was said."""


@dataclass(frozen=True, slots=True)
class ButtonConfig:
    pin: int | None = None
    """BCM number of the button's pin; none: no button."""
    single: Meaning = "talk"
    """Pressed once: talk, stop, mute, forget, louder, softer or none."""
    double: Meaning = "stop"
    """Pressed twice; the same choice."""
    triple: Meaning = "none"
    """Pressed three times; then `double` waits until no third press can come."""
    long: Meaning = "mute"
    """Held for `long_s`."""
    very_long: Meaning = "none"
    """Held for `very_long_s`, with a warning before; then `long` waits for the release."""
    at_once: bool = True
    """`talk` begins as the button goes down; what follows takes it back. Else when it is sure."""
    gap_s: float = 0.35
    """Between two presses that belong together at most; people need 0.15 to 0.4 s."""
    long_s: float = 1.0
    """Held this long is a long press."""
    very_long_s: float = 10.0
    """Held this long is a very long one."""
    stuck_s: float = 20.0
    """Held this long, the button counts as stuck and is ignored until released."""
    bounce_s: float = 0.03
    """Shorter presses are contact bounce."""
    pull_up: bool = True
    """Buttons, knob and switch connect their pins to ground."""
    louder_pin: int | None = None
    """BCM number of a button that raises the volume, on and on while held; none: no such button."""
    softer_pin: int | None = None
    """The same, and lowers it."""
    step_percent: int = 10
    """By how much louder and softer change the volume."""
    mute_pin: int | None = None
    """BCM number of a switch: muted while it is on, whatever anybody asks for; none: no switch."""
    mute_level: Literal["low", "high"] = "low"
    """The level of that pin that means muted."""


@dataclass(frozen=True, slots=True)
class RotaryConfig:
    pins: tuple[int, ...] = ()
    """BCM numbers of a knob's two pins (A, B), to turn the volume; swap them if it turns the wrong way."""
    press_pin: int | None = None
    """BCM number of the pin that pressing the knob connects: a button like `button.pin`."""
    step_percent: int = 2
    """By how much one click changes the volume; up to four times as much when turned fast."""
    steps_per_click: Literal[2, 4] = 4
    """How often the pins change between two rests; 2: there is a rest wherever both are equal."""


@dataclass(frozen=True, slots=True)
class KeysConfig:
    device: str = ""
    """Part of the name of a USB speakerphone, remote or keyboard whose keys for volume, mute, stop and talking are obeyed; empty: none."""
