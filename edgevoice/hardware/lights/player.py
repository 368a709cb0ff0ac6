"""Plays on one light what is to be seen: draws at once what must not wait, and the rest in time.

Between two frames it sleeps, and while the picture stands still it does so for ever. A
light that fails is reported once and tried again, ever less often; meanwhile `works` is
false, so that `indicator.required` can refuse to send.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time

from edgevoice.errors import GpioError
from edgevoice.hardware.lights.brightness import Brightness
from edgevoice.hardware.lights.colours import Frame, Palette
from edgevoice.hardware.lights.hand import hand_for
from edgevoice.hardware.lights.indicator import Light
from edgevoice.hardware.lights.motions import follow
from edgevoice.hardware.lights.scene import QUIET, SEEN, Scene, Volume, picture
from edgevoice.hardware.lights.shows import SHOWS
from edgevoice.transceiver.indication import SESSION, Countdown, Hold, Indication

log = logging.getLogger(__name__)

FRAME_S = 1 / 30
"""No two frames are closer together."""
CLOCK_LOOK_S = 60.0
"""While something is lit by the time of day: a board learns it late, and may be wrong before."""
PROOF_S = 1.0
"""So often a picture that means an open gate is written anew, even if it stands still: a light
that is pulled out meanwhile is noticed."""
MUTE_LOOK_S = 1.0
"""So often a microphone that is muted by its own button is asked whether it still is."""
RETRY_S, LONGEST_RETRY_S = 1.0, 5.0

TROUBLE = (GpioError, OSError, ValueError)


def time_of_day() -> time:
    """Where the board is."""
    return datetime.now(UTC).astimezone().time()


def silence() -> float:
    return 0.0


class Player:
    """An indicator. Needs no running loop until `run`; before, what must be seen is."""

    def __init__(
        self,
        light: Light,
        palette: Palette,
        brightness: Brightness,
        clock: Callable[[], float],
        wall: Callable[[], time] = time_of_day,
        level: Callable[[], float] = silence,
        is_muted: Callable[[], bool] | None = None,
    ) -> None:
        """`is_muted`: the microphone's own mute button, where it has one that can be read."""
        self._hand = hand_for(light)
        self._light = light
        self._palette = palette
        self._brightness = brightness
        self._clock = clock
        self._wall = wall
        self._level = level
        self._is_muted = is_muted
        self._muted_there = False
        self._scene = Scene()
        self._show: tuple[Scene, float] | None = None
        self._drawn: tuple[Frame, float] | None = None
        self._levelled_at = 0.0
        self._stir = asyncio.Event()
        self._retry_s, self._retry_at = RETRY_S, 0.0
        self.works = True
        self.failures = 0
        self.on_lost: Callable[[], None] = lambda: None

    def show(self, indication: Indication) -> None:
        now = self._clock()
        changed = indication is not self._scene.indication
        if changed:
            self._scene = replace(self._scene, indication=indication, since=now, level=0.0)
        if indication not in QUIET:
            self._show = None
        if indication in SESSION:
            self._draw_surely(now)
        elif changed or not self.works:
            self._draw_if_quick(now)
        self._stir.set()

    def countdown(self, countdown: Countdown | None) -> None:
        self._change(replace(self._scene, countdown=countdown))

    def volume(self, percent: int) -> None:
        self._change(replace(self._scene, volume=Volume(percent, self._clock())))

    def hold(self, hold: Hold | None) -> None:
        self._change(replace(self._scene, hold=hold))

    def demonstrate(self, name: str, seconds: float) -> None:
        now = self._clock()
        self._show = SHOWS[name].scene(now), now + seconds
        self._stir.set()

    def _change(self, scene: Scene) -> None:
        self._scene = scene
        self._stir.set()

    async def run(self) -> None:
        while True:
            self._stir.clear()
            stays_s = await self._play(self._clock())
            await asyncio.sleep(FRAME_S)
            try:
                async with asyncio.timeout(None if math.isinf(stays_s) else stays_s - FRAME_S):
                    await self._stir.wait()
            except TimeoutError:
                pass

    async def _play(self, now: float) -> float:
        """Draw what is to be seen now; for how long it stays."""
        if not self.works and now < self._retry_at:
            return self._retry_at - now
        try:
            self._muted_there = await self._ask_for_mute()
        except TROUBLE as error:
            self._failed(error)
            return self._retry_s
        frame, brightness, stays_s = self._look(now)
        must_be_proved = self._scene.indication in SESSION
        if (frame, brightness) == self._drawn and not must_be_proved:
            return stays_s
        try:
            await self._hand.write(frame, brightness)
        except TROUBLE as error:
            self._failed(error)
            return self._retry_s
        self._succeeded(frame, brightness)
        return stays_s

    async def _ask_for_mute(self) -> bool:
        """All that is known of a microphone which was muted by its own button is that it is
        lost; so it is only then asked."""
        if self._is_muted is None or self._scene.indication is not Indication.ERROR:
            return False
        return await self._hand.ask(self._is_muted)

    def _draw_surely(self, now: float) -> None:
        """Even if it is there already: it may have been unplugged since."""
        if self._light.blocks and not self.works and now < self._retry_at:
            return
        frame, brightness, _ = self._look(now)
        try:
            self._hand.write_now(frame, brightness)
        except TROUBLE as error:
            self._failed(error)
        else:
            self._succeeded(frame, brightness)

    def _draw_if_quick(self, now: float) -> None:
        if not self._light.blocks:
            self._draw_surely(now)

    def _look(self, now: float) -> tuple[Frame, float, float]:
        """Frame, brightness, and for how long both stay."""
        if self._show is not None and now >= self._show[1]:
            self._show = None
        scene, until = self._show or (self._true_scene(now), math.inf)
        frame, stays_s = picture(scene, now, self._light.count, self._palette)
        stays_s = min(stays_s, until - now, PROOF_S if scene.indication in SESSION else math.inf)
        if self._muted_there:
            stays_s = min(stays_s, MUTE_LOOK_S)
        if not any(map(any, frame)):
            return frame, 0.0, stays_s
        if self._brightness.changes:
            stays_s = min(stays_s, CLOCK_LOOK_S)
        return frame, self._brightness.at(self._wall(), scene.indication in SEEN), stays_s

    def _true_scene(self, now: float) -> Scene:
        """With how loud the answer is, which is asked for only when it is seen."""
        if self._muted_there and self._scene.indication is Indication.ERROR:
            return replace(self._scene, indication=Indication.MUTED)
        if self._scene.indication is Indication.SPEAKING:
            passed_s = now - self._levelled_at
            level = follow(self._scene.level, self._level(), passed_s)
            self._scene = replace(self._scene, level=level)
            self._levelled_at = now
        return self._scene

    def _failed(self, error: Exception) -> None:
        if self.works:
            log.error("the indicator does not work: %s", error)
            self._retry_s = RETRY_S
        else:
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        self.works = False
        self.failures += 1
        self._drawn = None
        self._retry_at = self._clock() + self._retry_s
        self.on_lost()

    def _succeeded(self, frame: Frame, brightness: float) -> None:
        if not self.works:
            log.info("the indicator works again")
        self.works = True
        self._drawn = frame, brightness

    def close(self) -> None:
        self._hand.close()
