"""What is about to be heard: the answer, with sounds mixed over it.

The event loop pushes, the loudspeaker's thread pulls. One lock is held for the
arithmetic of a block (tens of microseconds) and never while calling anybody.
"Played" means pulled by the loudspeaker; its own delay is its own affair.

A sound is heard over an answer: the answer makes way for it by 6 dB, is ducked for a
voice by as much as it is told, and where both together would be too loud they are
pressed a little instead of clipped.
"""

from collections import deque
from collections.abc import Callable
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import Samples

LONGEST_ANSWER_S = 60.0
"""More than this waiting to be played is dropped from its front, and counted: an
engine may synthesise faster than it is heard, but memory on a board is finite."""

RAMP_S = 0.020
"""Volume moves from silence to full within this time: fast, yet no click."""

FADE_S = 0.005
"""What is cut off fades out within this time."""

MAKE_WAY = 0.5
"""Of an answer while a sound is mixed over it. Ours peak at half of full scale at most,
so that the two together fit."""

KNEE = 0.75 * 32768
"""A mix of several things is pressed above this, never clipped; below, nothing is changed."""

MOST_SOUNDS = 4
"""Sounds heard at a time; one more takes the place of the oldest."""


class _Sound:
    """A chime being mixed in."""

    def __init__(self, samples: Samples, repeat: bool, name: str, gain: "_Gain") -> None:
        self.samples = samples
        self.repeat = repeat
        self.name = name
        self.gain = gain
        self.position = 0

    @property
    def is_over(self) -> bool:
        return self.position >= len(self.samples)

    def pull(self, n: int) -> Samples | NDArray[np.float32]:
        """Up to n samples; fewer when the sound ends."""
        block = self._take(n)
        if self.gain.now == self.gain.target == 1.0:
            return block
        return block * self.gain.over(len(block))

    def _take(self, n: int) -> Samples:
        if self.repeat:
            indices = np.arange(self.position, self.position + n)
            self.position = (self.position + n) % len(self.samples)
            return self.samples.take(indices, mode="wrap")
        block = self.samples[self.position : self.position + n]
        self.position += len(block)
        return block


class PlayoutBuffer:
    on_started: Callable[[], None]
    """An answer is first heard, or goes on after it ran out. Called from the pulling thread."""

    on_drained: Callable[[int], None]
    """The answer ran out after this many ms (not after a flush). From the pulling thread."""

    on_heard: Callable[[str], None]
    """A sound that has a name was heard to its end. From the pulling thread."""

    def __init__(self, rate_hz: int, dither: bool = False) -> None:
        """`dither`: no exact zeros, for amplifiers that fall asleep over them."""
        self.rate_hz = rate_hz
        self.on_started = lambda: None
        self.on_drained = lambda played_ms: None
        self.on_heard = lambda name: None
        self.dropped_samples = 0
        self.level = 0.0
        """Peak of what was last pulled of an answer, 0 to 1: for a light that follows it."""
        self._lock = Lock()
        self._longest = int(LONGEST_ANSWER_S * rate_hz)
        self._answer: deque[Samples] = deque()
        self._waiting = 0
        self._earlier = 0
        self._played = 0
        self._announced = False
        self._sounds: list[_Sound] = []
        self._heard: list[str] = []
        self._tail: Samples = np.zeros(0, np.int16)
        self._silence: Samples = np.zeros(0, np.int16)
        self._volume = _Gain(1.0, rate_hz)
        self._duck = _Gain(1.0, rate_hz)
        self._way = _Gain(1.0, rate_hz)
        self._dither = _Dither(rate_hz) if dither else None

    @property
    def volume(self) -> float:
        """Amplitude of everything, 0 to 1."""
        return self._volume.target

    @volume.setter
    def volume(self, amplitude: float) -> None:
        self._volume.target = min(1.0, max(0.0, amplitude))

    @property
    def played_samples(self) -> int:
        """How far into the current answer the loudspeaker has come.

        Counts what was pulled of it, and what was dropped before that because too much
        was waiting; neither silence nor sounds, nor what an earlier answer still had.
        """
        return self._played

    @property
    def played_ms(self) -> int:
        return self._played * 1000 // self.rate_hz

    @property
    def waiting_ms(self) -> int:
        return self._waiting * 1000 // self.rate_hz

    @property
    def is_empty(self) -> bool:
        """Nothing of an answer is waiting. Sounds do not count."""
        return self._waiting == 0

    def begin_answer(self) -> None:
        """What is pushed from here on is a new answer: `played_ms` starts at 0.

        An earlier answer still waiting is heard first and not counted.
        """
        with self._lock:
            self._earlier = self._waiting
            self._played = 0
            self._announced = False

    def push(self, samples: Samples) -> None:
        """Queue a piece of the answer, of any length."""
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise ValueError(f"mono int16 samples wanted, got {samples.dtype}{samples.shape}")
        with self._lock:
            self._answer.append(samples)
            self._waiting += len(samples)
            if self._waiting > self._longest:
                excess = self._waiting - self._longest
                self._count(len(self._take(excess)))
                self.dropped_samples += excess

    def duck(self, gain: float) -> None:
        """Play the answer this loud (0 to 1) until told otherwise or flushed."""
        self._duck.target = min(1.0, max(0.0, gain))

    def flush(self) -> int:
        """Silence the answer at once; how much of it had been heard, in ms."""
        with self._lock:
            loudness = self._volume.now * self._duck.now * self._way.now
            self._fade_out(self._take(self._fade_samples), loudness)
            self._answer.clear()
            self._waiting = self._earlier = 0
            self._announced = False
            self._duck = _Gain(1.0, self.rate_hz)
            return self.played_ms

    def mix(
        self, sound: Samples, repeat: bool = False, *, name: str = "", loudness: float = 1.0
    ) -> None:
        """Play a sound over whatever is playing; a repeated one until `stop_sounds`."""
        if not len(sound):
            return
        fresh = _Sound(sound, repeat, name, _Gain(loudness, self.rate_hz))
        with self._lock:
            if len(self._sounds) >= MOST_SOUNDS:  # what rings is not lost among chimes
                passing = [s for s in self._sounds if not s.repeat] or self._sounds
                self._sounds = [s for s in self._sounds if s is not passing[0]]
            self._sounds = [*self._sounds, fresh]

    def swell(self, name: str, loudness: float, over_s: float) -> bool:
        """Move the loudness of the sounds of this name, within this time; whether there are any."""
        with self._lock:
            named = [sound for sound in self._sounds if sound.name == name]
            for sound in named:
                sound.gain = _Gain(sound.gain.now, self.rate_hz, over_s)
                sound.gain.target = loudness
        return bool(named)

    def exchange(self, name: str, sound: Samples) -> None:
        """Let the sound of this name be another one from here on, as loud as it was."""
        with self._lock:
            for each in self._sounds:
                if each.name == name:
                    each.samples, each.position = sound, 0

    def stop_sounds(self, name: str | None = None) -> None:
        """All of them, or those of this name."""
        with self._lock:
            ended = [s for s in self._sounds if name is None or s.name == name]
            sounding = _sum([s.pull(self._fade_samples) for s in ended], self._fade_samples)
            self._fade_out(_clip(sounding), self._volume.now)
            self._sounds = [s for s in self._sounds if s not in ended]

    def pull(self, n: int) -> Samples:
        """Exactly n samples for the loudspeaker; silence where there is nothing to play."""
        with self._lock:
            if self._rests:
                self.level = 0.0
                return self._silence_of(n)
            played_before = self._played
            answer = self._take(n)
            self._count(len(answer))
            self.level = float(np.max(answer, initial=0)) / 32768
            block = self._mixed(answer, n)
            if self._dither is not None:
                block = self._dither.over(block)
            started = not self._announced and self._played > played_before
            drained = (self._announced or started) and len(answer) < n
            self._announced = (self._announced or started) and not drained
            played_ms = self.played_ms
            heard, self._heard = self._heard, []
        for name in heard:
            self.on_heard(name)
        if started:
            self.on_started()
        if drained:
            self.on_drained(played_ms)
        return block

    @property
    def _rests(self) -> bool:
        """Nothing is played, dies away or was promised: as it is nearly all day long."""
        return (
            not (self._waiting or self._sounds or len(self._tail) or self._announced)
            and self._volume.is_steady
            and self._duck.is_steady
            and self._way.now == 1.0
            and self._dither is None
        )

    def _silence_of(self, n: int) -> Samples:
        """The same each time, and nobody may write into it: a hundred times a second it costs
        nothing."""
        if len(self._silence) != n:
            self._silence = np.zeros(n, np.int16)
            self._silence.flags.writeable = False
        return self._silence

    def _take(self, n: int) -> Samples:
        """Up to n samples off the front of the answer."""
        pieces = []
        missing = min(n, self._waiting)
        self._waiting -= missing
        while missing:
            piece = self._answer.popleft()
            if len(piece) > missing:
                self._answer.appendleft(piece[missing:])
                piece = piece[:missing]
            pieces.append(piece)
            missing -= len(piece)
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def _count(self, pulled: int) -> None:
        earlier = min(self._earlier, pulled)
        self._earlier -= earlier
        self._played += pulled - earlier

    def _mixed(self, answer: Samples, n: int) -> Samples:
        sounds = [sound.pull(n) for sound in self._sounds]
        self._heard += [s.name for s in self._sounds if s.is_over and s.name]
        self._sounds = [s for s in self._sounds if not s.is_over]
        tail, self._tail = self._tail[:n], self._tail[n:]
        self._way.target = MAKE_WAY if sounds else 1.0
        loudness, ducking = self._volume.over(n), self._duck.over(n) * self._way.over(n)
        if not sounds and not len(answer):
            return _clip(_sum([tail], n))
        ducked = answer * ducking[: len(answer)]
        mixed = _sum([ducked, *sounds], n) * loudness + _sum([tail], n)
        return _clip(_pressed(mixed) if sounds else mixed)

    @property
    def _fade_samples(self) -> int:
        return int(FADE_S * self.rate_hz)

    def _fade_out(self, samples: Samples, gain: float) -> None:
        """Let what was cut off die away in the next blocks, on top of what still does."""
        fading = samples * np.linspace(gain, 0.0, len(samples), dtype=np.float32)
        self._tail = _clip(_sum([self._tail, fading], max(len(self._tail), len(fading))))


class _Gain:
    """An amplitude that moves towards its target at a steady pace."""

    def __init__(self, gain: float, rate_hz: int, ramp_s: float = RAMP_S) -> None:
        """`ramp_s`: from silence to full."""
        self.now = self.target = gain
        self._step = 1.0 / (ramp_s * rate_hz)

    @property
    def is_steady(self) -> bool:
        return self.now == self.target

    def over(self, n: int) -> NDArray[np.float32]:
        """The gain of each of the next n samples."""
        target = self.target
        if self.now == target:
            return np.full(n, target, np.float32)
        step = self._step if target > self.now else -self._step
        low, high = min(self.now, target), max(self.now, target)
        ramp = np.clip(self.now + step * np.arange(1, n + 1), low, high)
        self.now = float(ramp[-1]) if n else self.now
        gains: NDArray[np.float32] = ramp.astype(np.float32)
        return gains


class _Dither:
    """Noise of one bit in place of zeros: a second of it, over and over; nobody hears -90 dB."""

    def __init__(self, rate_hz: int) -> None:
        self._noise = np.random.default_rng(0).choice(np.array([-1, 1], np.int16), rate_hz)
        self._at = 0

    def over(self, block: Samples) -> Samples:
        noise = self._noise.take(np.arange(self._at, self._at + len(block)), mode="wrap")
        self._at = (self._at + len(block)) % len(self._noise)
        return np.where(block == 0, noise, block)


def _pressed(mixed: NDArray[np.float32]) -> NDArray[np.float32]:
    """A soft knee: straight up to KNEE, then ever flatter towards full scale."""
    beyond = np.maximum(np.abs(mixed) - KNEE, 0)
    if not beyond.any():
        return mixed
    room = 32767 - KNEE
    pressed = np.copysign(KNEE + room * np.tanh(beyond / room), mixed)
    return np.where(beyond > 0, pressed, mixed).astype(np.float32)


def _sum(parts: list[Samples | NDArray[np.float32]], n: int) -> NDArray[np.float32]:
    total = np.zeros(n, np.float32)
    for part in parts:
        total[: len(part)] += part
    return total


def _clip(samples: NDArray[np.float32]) -> Samples:
    clipped: Samples = np.clip(samples, -32768, 32767).round().astype(np.int16)
    return clipped
