"""PortAudio in a few verbs: the only importer of sounddevice. Who hears or speaks lives elsewhere.

Callback streams only: a blocking `read()` hangs for good when a USB microphone is
unplugged. Raw ones: sounddevice makes its arrays in a way that NumPy 2.5 deprecates.
An unplugged card reports nothing at all, its callbacks just stop, which is why
`watched_stream.py` exists. New cards appear only after the library has been started
again (`refresh`), and that kills every open stream, so it is done only when none
is open.

Cards are opened as `hw:`, not `plughw:`: ALSA would convert rates by linear
interpolation. `duplex.py` tries the rates a card has; `framer.py` and `feed.py` convert.
"""

import asyncio
import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.cards import CARDS

Direction: TypeAlias = Literal["in", "out"]
DIRECTIONS: tuple[Direction, ...] = ("in", "out")

FORMAT_REFUSED = frozenset((-9994, -9997, -9998))
"""PortAudio's codes for a sample format, rate or number of channels a card does not have."""

SPINS_AFTER_S, SPINS_FROM = 3.0, 0.2
"""A stream that closes for so long, while this share of a core is used: its thread runs in a
circle, and the closing waits for it for ever. PortAudio 19.6 and 19.7 do this when a sound
server dies before a new stream has had its first block (`PaAlsaStream_WaitForFrames` goes to
its own end on an error there). A server that hangs uses nothing, and may yet go on."""

T = TypeVar("T")


class FormatRefused(AudioError):
    """The card is there, but not with this rate or number of channels. Never leaves hardware/."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    index: int
    name: str
    channels: Mapping[Direction, int]
    default_for: frozenset[Direction] = frozenset()
    rate_hz: int = 48_000
    """Its own, where nothing else is wanted."""


@dataclass(frozen=True, slots=True)
class Source:
    device: SoundDevice
    channels: int
    heard: Callable[[Samples], None]
    """Gets every block, interleaved, in PortAudio's thread; the memory is PortAudio's."""


@dataclass(frozen=True, slots=True)
class Sink:
    device: SoundDevice
    channels: int
    pull: Callable[[int], Samples]
    """Asked for n samples per channel, interleaved, in PortAudio's thread."""
    starved: Callable[[], None] = lambda: None
    """The card had nothing to play for a moment, before the next `pull`."""


class Stream(Protocol):
    """A running stream; closed in any thread, any number of times."""

    @property
    def latency_s(self) -> float:
        """From a sample being pulled to its being heard; of an input the other way round."""

    def close(self) -> None: ...


class SoundSystem(Protocol):
    """What is needed of PortAudio. All of it blocks, and raises AudioError."""

    refresh_wanted: bool
    """Somebody looks for a card that has come, and the open streams are in the way."""

    def devices(self) -> list[SoundDevice]: ...

    def open(
        self,
        rate_hz: int,
        period_ms: int,
        source: Source | None,
        sink: Sink | None,
        environment: Mapping[str, str],
    ) -> Stream:
        """One running stream for either direction or both, at one rate and on one clock.

        `environment` holds while it is opened: what a sound server's client library reads.
        """

    def refresh(self, thorough: bool) -> None:
        """Look for new cards. Without `thorough` only if there seem to be any.

        While streams are open they are asked to yield instead, if there seem to be any.
        """


class PortAudioStream:
    def __init__(self, owner: "PortAudio", raw: Any) -> None:
        self._owner = owner
        self.raw = raw
        latency = raw.latency
        self.latency_s = float(latency[1] if isinstance(latency, tuple) else latency)

    def close(self) -> None:
        self._owner.close(self)


class PortAudio:
    """One per process, like the library behind it."""

    def __init__(
        self,
        cards: Path = CARDS,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        self.refresh_wanted = False
        self._clock = clock
        self._processor = processor
        self._closing: tuple[float, float] | None = None
        self._cards = cards
        self._known: frozenset[str] = frozenset()
        self._lock = threading.RLock()  # PortAudio is not thread-safe
        self._open: set[PortAudioStream] = set()

    def devices(self) -> list[SoundDevice]:
        with self._lock:
            sounddevice = self._load()
            defaults = sounddevice.default.device
            return [
                SoundDevice(
                    index,
                    info["name"],
                    {"in": info["max_input_channels"], "out": info["max_output_channels"]},
                    frozenset(way for way in DIRECTIONS if defaults[way + "put"] == index),
                    round(info["default_samplerate"]),
                )
                for index, info in enumerate(sounddevice.query_devices())
            ]

    def open(
        self,
        rate_hz: int,
        period_ms: int,
        source: Source | None,
        sink: Sink | None,
        environment: Mapping[str, str],
    ) -> Stream:
        kind, halves, callback = _arrangement(source, sink)
        name = halves[-1].device.name
        with self._lock, _environment(environment):
            sounddevice = self._load()
            raw = None
            try:
                raw = getattr(sounddevice, kind)(
                    samplerate=rate_hz,
                    blocksize=rate_hz * period_ms // 1000,
                    device=_one_or_both([half.device.index for half in halves]),
                    channels=_one_or_both([half.channels for half in halves]),
                    dtype="int16",
                    latency="low",
                    callback=callback,
                )
                raw.start()
            except (sounddevice.PortAudioError, ValueError) as error:
                if raw is not None:
                    raw.close()  # or the card stays taken, by us
                raise _explained(error, name) from error
            stream = PortAudioStream(self, raw)
            self._open.add(stream)
            return stream

    def close(self, stream: PortAudioStream) -> None:
        with self._lock:
            self._closing = (self._clock(), self._processor())
            stream.raw.abort()  # errors are ignored by default: the card may be gone
            stream.raw.close()
            self._closing = None
            self._open.discard(stream)

    @property
    def is_spinning(self) -> bool:
        """No stream will ever be opened or closed again: only a new process helps."""
        if (closing := self._closing) is None:
            return False
        began, used = closing
        waited_s = self._clock() - began
        return waited_s > SPINS_AFTER_S and self._processor() - used > SPINS_FROM * waited_s

    def refresh(self, thorough: bool) -> None:
        with self._lock:
            sounddevice = self._load()
            stale = bool(self._surroundings() - self._known)
            if self._open:
                self.refresh_wanted = self.refresh_wanted or stale
                return
            self.refresh_wanted = False
            if not (stale or thorough):
                return
            self._known = self._surroundings()
            try:
                if sounddevice._initialized:
                    sounddevice._terminate()
                sounddevice._initialize()
            except sounddevice.PortAudioError as error:
                raise AudioError(
                    f"PortAudio does not start ({error}); `edgevoice doctor sound` looks why"
                ) from error

    def _load(self) -> Any:
        self._known = self._known or self._surroundings()
        return load()

    def _surroundings(self) -> frozenset[str]:
        """Gains something when a card comes, or comes back elsewhere, or a sound server starts."""
        try:
            cards = self._cards.read_text(errors="replace").splitlines()
        except OSError:
            cards = []
        return frozenset(("", *cards, *map(_age, _server_sockets())))


PORTAUDIO = PortAudio()


def samples_of(data: Any) -> Samples:
    """A view of PortAudio's bytes; half a sample at the end of a short block is left out."""
    whole = len(data) // 2
    return np.frombuffer(data, np.int16, whole) if whole else np.zeros(0, np.int16)


def fill(data: Any, block: Samples) -> None:
    """Write a block into PortAudio's bytes, whatever their number."""
    raw = block.tobytes()[: len(data)]
    data[: len(raw)] = raw
    data[len(raw) :] = bytes(len(data) - len(raw))


def _arrangement(
    source: Source | None, sink: Sink | None
) -> tuple[str, list[Source | Sink], Callable[..., None]]:
    """The kind of stream, its halves in PortAudio's order, and its callback."""
    if source and sink:
        heard, pull, starved = source.heard, sink.pull, sink.starved

        def both(data: Any, out: Any, frames: int, time: Any, status: Any) -> None:
            if status.output_underflow:
                starved()
            heard(samples_of(data))
            fill(out, pull(frames))

        return "RawStream", [source, sink], both
    if source:
        heard = source.heard

        def listen(data: Any, frames: int, time: Any, status: Any) -> None:
            heard(samples_of(data))

        return "RawInputStream", [source], listen
    assert sink is not None, "a stream has at least one direction"
    pull, starved = sink.pull, sink.starved

    def speak(data: Any, frames: int, time: Any, status: Any) -> None:
        if status.output_underflow:
            starved()
        fill(data, pull(frames))

    return "RawOutputStream", [sink], speak


def _one_or_both(values: list[int]) -> int | tuple[int, ...]:
    return values[0] if len(values) == 1 else tuple(values)


def _explained(error: Exception, name: str) -> AudioError:
    code = error.args[1] if len(error.args) > 1 else None
    if code in FORMAT_REFUSED:
        return FormatRefused(f'"{name}" cannot be opened ({error})')
    return AudioError(
        f'"{name}" cannot be opened ({error}); if another program has it,'
        " `fuser -v /dev/snd/*` names that program"
    )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set for the C libraries too; afterwards as before."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _server_sockets() -> list[str]:
    """Where PulseAudio's and PipeWire's clients would knock."""
    run = os.environ.get("XDG_RUNTIME_DIR", "/run/user/0")
    told = os.environ.get("PULSE_SERVER", "").removeprefix("unix:")
    return [told or f"{run}/pulse/native", f"{run}/pipewire-0"]


def _age(path: str) -> str:
    """A server that was started again has made its socket anew."""
    try:
        return f"{path} {os.stat(path).st_ctime_ns}"
    except OSError:
        return ""


async def in_thread(work: Callable[[], T]) -> T:
    """`asyncio.to_thread` that is not abandoned when cancelled: what it opens gets an owner."""
    job = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait([job])
        raise


def load() -> Any:
    """The module sounddevice, with what must be in place before its import."""
    _quieten_alsa()
    try:
        import sounddevice
    except OSError as error:  # raised when the shared library is missing
        raise AudioError(f"{error}; run: sudo apt install libportaudio2") from error
    except ImportError as error:
        raise AudioError(f"sounddevice is missing ({error}); run scripts/setup") from error
    return sounddevice


_AlsaHandler = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)


def _ignore(file: bytes, line: int, function: bytes, code: int, text: bytes) -> None:
    pass


_ignore_alsa = _AlsaHandler(_ignore)  # alsa-lib keeps the pointer: never to be collected


def _quieten_alsa() -> None:
    """alsa-lib writes a line to stderr per underrun and missing card: hundreds of them."""
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_ignore_alsa)
    except (OSError, AttributeError):  # no ALSA: nothing to quieten
        pass
