"""What was being played while a sample was captured, on the clock of the captured samples.

Both sides are counted in samples; times only say where the counts meet. They are given,
no clock is read here. Blocks are captured before they arrive, and pulled before they are
played, some of them long before (sound servers pull several at once). So the *earliest*
arrival tells about the microphone and the *latest* pull about the loudspeaker, and a
reference placed by them comes before its echo, by the delays of both devices.

Once placed, it stays: a canceller that has learnt the room must learn it anew after
every jump. It moves with the difference of the clocks, and jumps when something was
missing (underrun) or nothing audible is played.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.interpolate import Interpolator, Signal
from edgevoice.audio.prompt_resampler import PromptResampler

HELD_S = 1.0
"""So much of what was played is kept; older sound echoes nowhere."""
WAITING_BLOCKS = 512
"""Between two captured frames; while nobody captures, the oldest are dropped."""
PAUSE_S = 0.1
"""A pull so much later than any before it: the loudspeaker stood still in between."""
GUARD = CAPTURE_RATE_HZ * 4 // 1000
"""Samples by which the reference stays behind what was pulled; grows when that was too little."""
MOST_GUARD = CAPTURE_RATE_HZ * 40 // 1000
BEHIND = CAPTURE_RATE_HZ * 15 // 1000
"""So much later than it could be: moved, at the next silence."""
FAR_BEHIND = CAPTURE_RATE_HZ * 60 // 1000
"""So much: moved at once."""
SPELL = CAPTURE_RATE_HZ // 2
"""Where the counts meet is determined once for each spell of so many captured samples."""
SPELLS = 240
RECENT = 6
"""Spells of which the median counts."""
ENOUGH = 40
"""Spells before the clocks are compared by counting: 20 s."""
SURE_PPM = 10.0
MOST_PPM = 500.0
"""Crystals are off by 20 to 100 ppm each; more is a mistake."""


@dataclass(frozen=True, slots=True)
class _Pull:
    start: int
    block: Samples
    at_s: float


class EchoReference:
    """`rate_hz`: of what is played. `shares_clock`: microphone and speaker are one card."""

    _earliest: float | None
    _spell_began: int | None
    _missing: int

    def __init__(self, rate_hz: int, shares_clock: bool = False) -> None:
        self._rate_hz = rate_hz
        self._shares_clock = shares_clock
        self._interpolator = Interpolator()
        self._pulls: deque[_Pull] = deque(maxlen=WAITING_BLOCKS)
        self._pulled = 0  # written by the speaker's thread only
        self._resampler = PromptResampler(rate_hz)
        self._drift = 0.0
        self._taught = False
        self._start_over()
        self.jumps = 0

    @property
    def drift_ppm(self) -> float:
        """The loudspeaker's clock runs so much faster than the microphone's."""
        return self._drift * 1e6

    def played(self, block: Samples, at_s: float) -> None:
        """From the speaker's thread: this block was pulled at this time. Keeps the array."""
        self._pulls.append(_Pull(self._pulled, block, at_s))
        self._pulled += len(block)

    def stumbled(self) -> None:
        """From the speaker's thread: it had nothing to play for a moment. Where the echo is now
        nobody knows yet."""
        self.jumps += 1

    def captured(self, end: int, now: float) -> None:
        """The microphone's samples up to `end` - 1 have arrived."""
        self._collect()
        arrival = now - end / CAPTURE_RATE_HZ
        self._earliest = arrival if self._earliest is None else min(self._earliest, arrival)
        if self._spell_began is None:
            self._spell_began = end
        elif not 0 <= end - self._spell_began < SPELL:
            self._end_spell(end)

    def take(self, first: int, n: int) -> Samples:
        """What was played while samples `first` to `first + n` were captured; called in order."""
        self._collect()
        if self._anchor is None and not self._place(first):
            return np.zeros(n, np.int16)
        self._mend(first, n)
        place = self._at(first)
        begin = int(np.floor(place))
        missing = begin + n + self._reach - self._end
        self._missing = max(self._missing, missing)
        if not self._audible(begin - self._reach, begin + n + self._reach):
            return np.zeros(n, np.int16)
        return self._read(place, n)

    def adjust(self, ppm: float) -> None:
        """The echo wanders: the loudspeaker runs so much faster than was thought."""
        if not self._shares_clock:
            self._taught = True
            self._set_drift(self._drift + ppm * 1e-6)

    def reset(self) -> None:
        """Capture was interrupted: the counts meet elsewhere. The clocks stay as they were."""
        self._start_over()

    def _start_over(self) -> None:
        self._resampler.clear()
        self._sound: Signal = np.zeros(0, np.float32)
        self._end = 0  # 16 kHz samples so far, silences included
        self._expected: int | None = None
        self._shift_s = 0.0  # silences put in, and where counting began
        self._latest: float | None = None
        self._latest_recent: float | None = None
        self._earliest = None
        self._spell_began = None
        self._spell_ended = False
        self._spells: deque[tuple[int, float]] = deque(maxlen=SPELLS)
        self._anchor: tuple[int, float] | None = None
        self._guard = GUARD
        self._missing = 0
        self._last = 0

    @property
    def _reach(self) -> int:
        return self._interpolator.reach if not self._shares_clock else 0

    def _collect(self) -> None:
        while self._pulls:
            self._hear(self._pulls.popleft())

    def _hear(self, pull: _Pull) -> None:
        if self._expected is None:
            self._shift_s = -pull.start / self._rate_hz
        elif pull.start != self._expected:  # more was dropped than is held
            self._fill((pull.start - self._expected) / self._rate_hz, counted=True)
        self._expected = pull.start + len(pull.block)
        offset = self._offset(pull)
        if self._latest_recent is not None and offset - self._latest_recent > PAUSE_S:
            self._fill(offset - self._latest_recent, counted=False)
            offset = self._offset(pull)
            self._missing = 0  # it was silence, and silence was delivered
        self._latest = offset if self._latest is None else max(self._latest, offset)
        if self._latest_recent is None or offset > self._latest_recent:
            self._latest_recent = offset
        self._append(self._resampler.push(pull.block))

    def _offset(self, pull: _Pull) -> float:
        return pull.at_s - pull.start / self._rate_hz - self._shift_s

    def _fill(self, seconds: float, counted: bool) -> None:
        """Silence for something that was never heard of."""
        samples = max(0, round(seconds * self._rate_hz))
        if not counted:
            self._shift_s += samples / self._rate_hz
        most = int(HELD_S * self._rate_hz)
        self._append(self._resampler.push(np.zeros(min(samples, most), np.int16)))
        if samples > most:
            rest = round((samples - most) * CAPTURE_RATE_HZ / self._rate_hz)
            self._end += rest

    def _append(self, sound: Signal) -> None:
        most = int(HELD_S * CAPTURE_RATE_HZ)
        self._sound = np.concatenate((self._sound, sound))[-most:]
        self._end += len(sound)

    def _end_spell(self, end: int) -> None:
        if (
            self._latest is not None
            and self._earliest is not None
            and self._spell_began is not None
        ):
            self._spells.append((end, self._earliest - self._latest))
            self._latest_recent = self._latest
            self._spell_ended = True
            if len(self._spells) >= ENOUGH and len(self._spells) % 10 == 0:
                self._compare_clocks()
        self._spell_began = end
        self._latest = self._earliest = None

    def _ideal(self, first: int) -> float | None:
        """Where in what was played this captured sample lies, as late as can be had."""
        recent = [
            lead + self._drift * (first - at) / CAPTURE_RATE_HZ
            for at, lead in list(self._spells)[-RECENT:]
        ]
        if not recent:
            if self._latest is None or self._earliest is None:
                return None
            recent = [self._earliest - self._latest]
        return first + float(np.median(recent)) * CAPTURE_RATE_HZ - self._guard

    def _place(self, first: int) -> bool:
        ideal = self._ideal(first)
        if ideal is not None:
            self._anchor = (first, float(np.floor(ideal)))
        return ideal is not None

    def _at(self, first: int) -> float:
        assert self._anchor is not None
        since, place = self._anchor
        return place + (first - since) * (1 + self._drift)

    def _mend(self, first: int, n: int) -> None:
        """Jumps if it must."""
        self._last = first
        place = self._at(first)
        if self._missing and self._end - self._reach >= place - self._missing + n:
            # It came after all: it was late, or the loudspeaker ran dry for a moment.
            self._guard = min(MOST_GUARD, self._guard + self._missing)
            self._jump(first, place - self._missing - GUARD)
            return
        if not self._spell_ended or len(self._spells) < RECENT:
            return
        self._spell_ended = False
        ideal = self._ideal(first)
        if ideal is None:
            return
        behind = ideal - place
        silent = not self._audible(int(place) - FAR_BEHIND, int(ideal) + n)
        if behind > FAR_BEHIND or (behind > BEHIND and silent):
            self._jump(first, ideal)

    def _jump(self, first: int, place: float) -> None:
        self._missing = 0
        self.jumps += 1
        self._anchor = (first, float(np.floor(place)))

    def _set_drift(self, drift: float) -> None:
        if self._anchor is not None:
            self._anchor = (self._last, self._at(self._last))
        self._drift = float(np.clip(drift, -MOST_PPM * 1e-6, MOST_PPM * 1e-6))

    def _compare_clocks(self) -> None:
        """By counting (least squares), for as long as no echo has taught better."""
        if self._shares_clock or self._taught:
            return
        at, leads = (np.array(column, float) for column in zip(*self._spells, strict=True))
        t = at / CAPTURE_RATE_HZ
        t -= t.mean()
        slope = float(t @ leads / (t @ t))
        error = float(np.std(leads - leads.mean() - slope * t) / np.sqrt(t @ t))
        if error * 1e6 < SURE_PPM:
            self._set_drift(slope)

    def _held(self, begin: int, end: int) -> Signal:
        start = self._end - len(self._sound)
        low, high = (min(max(at - start, 0), len(self._sound)) for at in (begin, end))
        return self._sound[low:high]

    def _audible(self, begin: int, end: int) -> bool:
        return bool(self._held(begin, end).any())

    def _read(self, place: float, n: int) -> Samples:
        """The weights turn from those of the first sample to those of the last, in a straight
        line: over 20 ms at 500 ppm the place moves by a sixth of a sample."""
        begin = int(np.floor(place))
        if place == begin and not self._drift:
            return _rounded(self._around(begin, begin + n))
        reach = self._interpolator.reach
        around = self._around(begin - reach, begin + n + reach + 2)
        shift = place - begin
        low, high = (self._shifted(around, s, n) for s in (shift, shift + n * self._drift))
        turning = np.arange(n, dtype=np.float32) / n
        return _rounded(low + turning * (high - low))

    def _shifted(self, around: Signal, shift: float, n: int) -> Signal:
        """From `shift` on (-1 to 2), counted from where `around` is complete, less one."""
        whole = int(np.floor(shift))
        kernel = self._interpolator.kernel(shift - whole)
        shifted: Signal = np.convolve(around, kernel[::-1], "valid")[whole + 1 : whole + 1 + n]
        return shifted

    def _around(self, begin: int, end: int) -> Signal:
        """With silence where nothing is held."""
        start = self._end - len(self._sound)
        before = min(max(0, start - begin), end - begin)
        held = self._held(begin, end)
        return np.pad(held, (before, end - begin - before - len(held)))


def _rounded(sound: Signal) -> Samples:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
