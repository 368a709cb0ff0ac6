"""Opens what microphone and speaker ask for: as one stream where both are one card, else as two.

One stream runs on one clock, so that the loudspeaker's sound comes back in the
microphone after a delay that never changes. PortAudio cannot add a direction to a
running stream: when one side comes or goes, the other is opened again, faded out
before and in after. All of it blocks and belongs into a thread.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.feed import Feed
from edgevoice.hardware.sound.portaudio import (
    PORTAUDIO,
    FormatRefused,
    Sink,
    SoundDevice,
    SoundSystem,
    Source,
    Stream,
)
from edgevoice.hardware.sound.sound_names import Found, same_card

log = logging.getLogger(__name__)

FADE_LIMIT_S = 0.1
"""A dead card pulls no more blocks, and nobody hears the fade."""

LOOK_S = 0.005

USUAL_RATES_HZ = (48_000, 44_100, 16_000)
"""What cards have that have few."""


@dataclass(frozen=True, slots=True)
class InputWish:
    found: Found
    rates_hz: tuple[int, ...]
    """What is tried, in this order; one alone is an order."""
    channels: tuple[int, ...]
    period_ms: int
    listen: Callable[[int, int], Callable[[Samples], None]]
    """Given the rate and the number of channels: what takes the blocks."""
    interrupted: Callable[[], None]
    """Blocks were lost, because the other side joined or left. In a thread."""


@dataclass(frozen=True, slots=True)
class OutputWish:
    found: Found
    rates_hz: tuple[int, ...]
    channels: tuple[int, ...]
    period_ms: int
    feed: Callable[[int, int, bool], Feed]
    """Given the rate, the number of channels and whether it goes on after a gap: what is pulled."""
    busy: Callable[[], bool]
    """Something is being played that should not be torn."""
    starved: Callable[[], None] = lambda: None
    """The card had nothing to play for a moment. In PortAudio's thread."""


class Ear:
    """The microphone's side of a stream."""

    def __init__(self, duplex: "Duplex", wish: InputWish) -> None:
        self._duplex = duplex
        self.wish = wish
        self.stream: Stream | None = None

    @property
    def latency_s(self) -> float:
        return self.stream.latency_s if self.stream else 0.0

    def source(self, rate_hz: int, channels: int) -> Source:
        return Source(self.wish.found.device, channels, self.wish.listen(rate_hz, channels))

    def close(self) -> None:
        self._duplex.close_input(self)


class Mouth:
    """The speaker's side of a stream."""

    def __init__(self, duplex: "Duplex", wish: OutputWish) -> None:
        self._duplex = duplex
        self.wish = wish
        self.stream: Stream | None = None
        self.feed: Feed | None = None
        self.resumed = False

    @property
    def latency_s(self) -> float:
        waiting_s = self.feed.delay_s if self.feed else 0.0
        return waiting_s + (self.stream.latency_s if self.stream else 0.0)

    def sink(self, rate_hz: int, channels: int) -> Sink:
        self.feed = self.wish.feed(rate_hz, channels, self.resumed)
        return Sink(self.wish.found.device, channels, self.feed.pull, self.wish.starved)

    def fade_out(self, pause: Callable[[float], None]) -> None:
        """Returns when the fade was heard, or nobody pulls any more."""
        if self.feed is None or self.stream is None:
            return
        self.feed.end()
        waited_s = 0.0
        while not self.feed.has_ended and waited_s < FADE_LIMIT_S:
            pause(LOOK_S)
            waited_s += LOOK_S
        if self.feed.has_ended:
            pause(min(self.stream.latency_s, FADE_LIMIT_S))

    def close(self) -> None:
        self._duplex.close_output(self)


class Duplex:
    """At most one ear and one mouth at a time."""

    def __init__(
        self,
        sound: SoundSystem = PORTAUDIO,
        together: Callable[[SoundDevice, SoundDevice], bool] = same_card,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.sound = sound
        self._together = together
        self._pause = pause
        self._lock = threading.Lock()
        self._ear: Ear | None = None
        self._mouth: Mouth | None = None
        self._apart: set[tuple[str, str]] = set()

    @property
    def is_one_stream(self) -> bool:
        """Microphone and speaker run on one clock now."""
        ear, mouth = self._ear, self._mouth
        return bool(ear and mouth and ear.stream and ear.stream is mouth.stream)

    @property
    def may_be_torn(self) -> bool:
        """Opening the microphone again would be heard by nobody."""
        mouth = self._mouth
        return not (self.is_one_stream and mouth and mouth.wish.busy())

    @property
    def refresh_wanted(self) -> bool:
        return self.sound.refresh_wanted

    def refresh(self, thorough: bool) -> None:
        """Not while the other side is being opened, whose device has a number until then."""
        with self._lock:
            self.sound.refresh(thorough)

    def open_input(self, wanted: Callable[[], InputWish]) -> Stream:
        """`wanted` looks the device up, which no refresh may come after."""
        with self._lock:
            assert self._ear is None, "one microphone at a time"
            ear = Ear(self, wanted())
            if not (self._mouth and self._join(ear, self._mouth, self._mouth)):
                _hear_alone(self.sound, ear)
            self._ear = ear
            return ear

    def open_output(self, wanted: Callable[[], OutputWish]) -> Stream:
        with self._lock:
            assert self._mouth is None, "one speaker at a time"
            mouth = Mouth(self, wanted())
            if self._ear and self._join(self._ear, mouth, self._ear):
                self._ear.wish.interrupted()
            else:
                _speak_alone(self.sound, mouth)
            self._mouth = mouth
            return mouth

    def close_input(self, ear: Ear) -> None:
        with self._lock:
            joint, mouth = self.is_one_stream, self._mouth
            if self._ear is not ear:
                return
            self._ear = None
            if joint and mouth:
                mouth.fade_out(self._pause)
            _close(ear)
            if joint and mouth:
                self._go_on(mouth)

    def close_output(self, mouth: Mouth) -> None:
        with self._lock:
            joint, ear = self.is_one_stream, self._ear
            if self._mouth is not mouth:
                return
            self._mouth = None
            _close(mouth)
            if joint and ear:
                self._go_on(ear)

    def _join(self, ear: Ear, mouth: Mouth, running: Ear | Mouth) -> bool:
        """One stream of the one that runs and the one that comes; False when it cannot be."""
        one, other = ear.wish.found.device, mouth.wish.found.device
        names = (one.name, other.name)
        if running.stream is None or names in self._apart or not self._together(one, other):
            return False
        if isinstance(running, Mouth):
            running.fade_out(self._pause)
        _close(running)
        try:
            ear.stream = mouth.stream = _open_both(self.sound, ear, mouth)
        except AudioError as error:
            log.info("microphone and speaker cannot be one stream: %s", error)
            if isinstance(error, FormatRefused):
                self._apart.add(names)
            self._go_on(running)
            return False
        return True

    def _go_on(self, side: Ear | Mouth) -> None:
        """Alone, after its stream was closed. If that fails its owner's watch will notice."""
        side.stream = None
        try:
            if isinstance(side, Mouth):
                _speak_alone(self.sound, side)
            else:
                _hear_alone(self.sound, side)
                side.wish.interrupted()
        except AudioError as error:
            log.debug("the other side does not go on: %s", error)


DUPLEX = Duplex()
"""Of this process, as there is one PortAudio."""


def _close(side: Ear | Mouth) -> None:
    stream, side.stream = side.stream, None
    if stream is not None:
        if isinstance(side, Mouth):
            side.resumed = True
        stream.close()


def _hear_alone(sound: SoundSystem, ear: Ear) -> None:
    wish = ear.wish

    def attempt(rate_hz: int, channels: int) -> Stream:
        source = ear.source(rate_hz, channels)
        return sound.open(rate_hz, wish.period_ms, source, None, wish.found.environment)

    ear.stream = _first_taken(product(wish.rates_hz, wish.channels), attempt)


def _speak_alone(sound: SoundSystem, mouth: Mouth) -> None:
    wish = mouth.wish

    def attempt(rate_hz: int, channels: int) -> Stream:
        sink = mouth.sink(rate_hz, channels)
        return sound.open(rate_hz, wish.period_ms, None, sink, wish.found.environment)

    mouth.stream = _first_taken(product(wish.rates_hz, wish.channels), attempt)


def _open_both(sound: SoundSystem, ear: Ear, mouth: Mouth) -> Stream:
    """One rate for both: what the owner set for the microphone, else what suits the speaker."""
    hears, speaks = ear.wish, mouth.wish
    rates_hz = hears.rates_hz if len(hears.rates_hz) == 1 else speaks.rates_hz
    period_ms = min(hears.period_ms, speaks.period_ms)

    def attempt(rate_hz: int, inputs: int, outputs: int) -> Stream:
        source, sink = ear.source(rate_hz, inputs), mouth.sink(rate_hz, outputs)
        return sound.open(rate_hz, period_ms, source, sink, {})

    return _first_taken(product(rates_hz, hears.channels, speaks.channels), attempt)


def _first_taken(forms: Iterable[tuple[int, ...]], attempt: Callable[..., Stream]) -> Stream:
    """Of several forms of a stream the first that the card takes."""
    refused = FormatRefused("no rate and number of channels to try")
    for form in forms:
        try:
            return attempt(*form)
        except FormatRefused as error:
            refused = error
    raise refused
