"""What is to be seen at a moment, and what that looks like: pure.

The indication comes first, as the transceiver ranks them. Over it, on lights that have
room for it, lies a bar: the volume that has just been changed, or a button held down. It
has the indication's own colour and the LEDs beside it stay lit, so that neither an open
gate nor mute is ever hidden. Below it, when there is nothing to say, the next timer runs
down.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

from edgevoice.hardware.lights.colours import DARK, Colour, Frame, Palette, shaded
from edgevoice.hardware.lights.motions import STEP_S, Moment, Shine, bar
from edgevoice.hardware.lights.patterns import (
    HOLDING,
    PATTERNS,
    Pattern,
    colour,
)
from edgevoice.transceiver.indication import SESSION, Countdown, Hold, Indication

QUIET = frozenset({Indication.IDLE, Indication.OFFLINE, Indication.RECORDING})
"""Nothing is going on that must be seen: the light may be used for something else."""
SEEN = SESSION | {Indication.MUTED}
"""Must be seen, however dark the owner wants it."""

FEWEST_FOR_A_BAR = 3
VOLUME_S = 2.0
BAR, BESIDE = 1.0, 0.25
QUIET_BAR = 0.3
"""Nothing but an open gate lights up a whole ring."""
COUNTDOWN = 0.2
COUNTDOWN_STEPS = 4
"""In so many steps each LED of it goes out."""

Picture: TypeAlias = tuple[Frame, float]
"""A frame, and for how many seconds from now it stays."""


@dataclass(frozen=True, slots=True)
class Volume:
    percent: int
    changed: float


@dataclass(frozen=True, slots=True)
class Scene:
    indication: Indication = Indication.IDLE
    since: float = 0.0
    countdown: Countdown | None = None
    hold: Hold | None = None
    volume: Volume | None = None
    level: float = 0.0
    """Loudness of the answer, 0 to 1."""
    notice: Pattern | None = None
    """Pairing or updating."""


def picture(scene: Scene, now: float, count: int, palette: Palette) -> Picture:
    """At full brightness."""
    base, (shine, stays_s) = _base(scene, now, count, palette)
    over = _over(scene, now, count)
    if over is not None:
        shine, stays_s = over
        if scene.indication in QUIET:
            base = palette.notice
    return tuple(shaded(base, share) if share else DARK for share in shine), stays_s


def _base(scene: Scene, now: float, count: int, palette: Palette) -> tuple[Colour, Moment]:
    passed = now - scene.since
    if scene.indication in QUIET and scene.notice is not None:
        return palette.notice, scene.notice.motion(count).at(passed, count, 0.0)
    if scene.indication is Indication.IDLE and scene.countdown is not None:
        return palette.countdown, _running_down(scene.countdown, now, count)
    motion = PATTERNS[scene.indication].motion(count)
    return colour(palette, scene.indication), motion.at(passed, count, scene.level)


def _over(scene: Scene, now: float, count: int) -> Moment | None:
    """A bar, where something is to be told by one."""
    quiet = scene.indication in QUIET
    full, rest = (QUIET_BAR, 0.0) if quiet else (BAR, BESIDE)
    if scene.hold is not None:
        if count < FEWEST_FOR_A_BAR:
            return HOLDING.at(now - scene.hold.began, count, 0.0) if quiet else None
        return bar(_share(scene.hold, now), count, full, rest), STEP_S
    if scene.volume is not None and count >= FEWEST_FOR_A_BAR:
        left_s = scene.volume.changed + VOLUME_S - now
        if left_s > 0:
            return bar(scene.volume.percent / 100, count, full, rest), left_s
    return None


def _share(hold: Hold, now: float) -> float:
    lasts_s = max(hold.acts_at - hold.began, STEP_S)
    return (now - hold.began) / lasts_s


def _running_down(countdown: Countdown, now: float, count: int) -> Moment:
    """A ring that grows shorter. A few LEDs have no room for it and stay dark."""
    left_s = countdown.ends_at - now
    if count < FEWEST_FOR_A_BAR or left_s <= 0:
        return (0.0,) * count, math.inf
    steps = count * COUNTDOWN_STEPS
    step_s = max(countdown.total_s / steps, STEP_S)
    whole = math.ceil(left_s / step_s - 1e-6)
    shine: Shine = bar(whole * step_s / max(countdown.total_s, step_s), count, COUNTDOWN)
    return shine, max(STEP_S, left_s - (whole - 1) * step_s)
