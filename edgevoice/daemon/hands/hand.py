"""One hand on one button: gestures become deeds.

With `button.at_once` talking begins as the button goes down, and a gesture that turns
out to be more takes it back: the session is ended as if nothing had been meant. Nothing
said is lost by waiting instead (the ring buffer keeps it), but light and chime would
come 0.4 s late. While muted there is nothing to be quick for, and a long press that
ends the mute should not first be told that it is muted; so then the gesture is awaited.
"""

from collections.abc import Callable

from edgevoice.config import ButtonConfig, Meaning
from edgevoice.daemon.hands.deeds import Deeds, Reach
from edgevoice.hardware.hands.gestures import GESTURES, Touch, Touched
from edgevoice.transceiver.actions import StopSounds
from edgevoice.transceiver.indication import Hold
from edgevoice.transceiver.states import State


class Hand:
    """`hold` shows how long a very long press still takes; None ends that."""

    def __init__(
        self,
        config: ButtonConfig,
        reach: Reach,
        deeds: Deeds,
        hold: Callable[[Hold | None], object],
    ) -> None:
        self._config = config
        self._reach = reach
        self._deeds = deeds
        self._hold = hold
        self._has_acted = False
        self._has_woken = False
        self._down_at = 0.0
        self._warns = False

    def felt(self, told: Touched) -> None:
        match told.touch:
            case Touch.DOWN:
                self._down(told.at)
            case Touch.HELD:
                self._show_hold(told.at)
                self._deeds.tick()
            case Touch.WARNING:
                self._show_hold(told.at)
                self._warns = True
                self._deeds.tick(repeat=True)
            case Touch.LET_GO | Touch.STUCK:
                self._show_nothing()
                self._end_talk()
            case gesture if gesture in GESTURES:
                self._show_nothing()
                self._gesture(gesture, told.at)

    def _down(self, at: float) -> None:
        mind = self._reach.runner.transceiver
        facts = mind.facts
        sounds = facts.ringing or facts.announcing  # and is what the hand wants to stop
        is_quick = self._config.at_once and (sounds or not facts.muted)
        self._down_at = at
        self._has_acted = is_quick and self._config.single == "talk"
        self._has_woken = self._has_acted and mind.state is State.IDLE and not sounds
        if self._has_acted:
            self._deeds.do("talk", at)

    def _gesture(self, gesture: Touch, at: float) -> None:
        meaning = self._meaning(gesture)
        is_done = gesture is Touch.SINGLE and self._has_acted
        ends_by_itself = meaning in ("talk", "stop", "mute")
        if not (is_done or ends_by_itself):
            self._end_talk()
        self._has_woken = False
        if not is_done:
            self._deeds.do(meaning, at)

    def _meaning(self, gesture: Touch) -> Meaning:
        config = self._config
        match gesture:
            case Touch.DOUBLE if config.double != "none":
                return config.double
            case Touch.TRIPLE:
                return config.triple
            case Touch.LONG:
                return config.long
            case Touch.VERY_LONG:
                return config.very_long
            case _:
                return config.single  # two presses that are not a double one are one and one

    def _end_talk(self) -> None:
        if self._has_woken:
            self._has_woken = False
            self._deeds.take_back()

    def _show_hold(self, at: float) -> None:
        self._hold(Hold(at, self._down_at + self._config.very_long_s))

    def _show_nothing(self) -> None:
        self._hold(None)
        if self._warns:
            self._warns = False
            self._reach.perform(StopSounds())
