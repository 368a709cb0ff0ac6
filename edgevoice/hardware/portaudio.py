"""PortAudio in a few verbs: the only importer of sounddevice. Who hears or speaks lives elsewhere.

Callback streams only: a blocking `read()` hangs for good when a USB microphone is
unplugged. Raw ones: sounddevice makes its arrays in a way that NumPy 2.5 deprecates.
An unplugged card reports nothing at all, its callbacks just stop, which is why
`watched_stream.py` exists. New cards appear only after the library has been started
again (`refresh`), and that kills every open stream, so it is done only when none
is open.
"""

import asyncio
import ctypes
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError

Direction: TypeAlias = Literal["in", "out"]
DIRECTIONS: tuple[Direction, ...] = ("in", "out")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SoundDevice:
    index: int
    name: str
    channels: Mapping[Direction, int]
    default_for: frozenset[Direction] = frozenset()


class Stream(Protocol):
    """A running stream; closed in any thread, any number of times."""

    latency_s: float

    def close(self) -> None: ...


class SoundSystem(Protocol):
    """What microphone and speaker need of PortAudio. All of it blocks, and raises AudioError."""

    refresh_wanted: bool
    """Somebody looks for a new card, and the open streams are in the way."""

    def devices(self) -> list[SoundDevice]: ...

    def open_input(
        self, device: SoundDevice, rate_hz: int, block: int, heard: Callable[[Samples], None]
    ) -> Stream:
        """`heard` gets its own copy of every block, in PortAudio's thread."""

    def open_output(
        self, device: SoundDevice, rate_hz: int, block: int, pull: Callable[[int], Samples]
    ) -> Stream:
        """`pull(n)` is called for every block, in PortAudio's thread."""

    def refresh(self, urgent: bool) -> None:
        """Look for new cards, or, when streams are open and it is urgent, ask them to yield."""


class PortAudioStream:
    def __init__(self, owner: "PortAudio", raw: Any) -> None:
        self._owner = owner
        self.raw = raw
        self.latency_s = float(raw.latency)

    def close(self) -> None:
        self._owner.close(self)


class PortAudio:
    """One per process, like the library behind it."""

    def __init__(self) -> None:
        self.refresh_wanted = False
        self._lock = threading.RLock()  # PortAudio is not thread-safe
        self._open: set[PortAudioStream] = set()

    def devices(self) -> list[SoundDevice]:
        with self._lock:
            sounddevice = load()
            defaults = sounddevice.default.device
            return [
                SoundDevice(
                    index,
                    info["name"],
                    {"in": info["max_input_channels"], "out": info["max_output_channels"]},
                    frozenset(way for way in DIRECTIONS if defaults[way + "put"] == index),
                )
                for index, info in enumerate(sounddevice.query_devices())
            ]

    def open_input(
        self, device: SoundDevice, rate_hz: int, block: int, heard: Callable[[Samples], None]
    ) -> Stream:
        def callback(data: Any, frames: int, time: Any, status: Any) -> None:
            heard(np.frombuffer(data, np.int16).copy())

        return self._start("RawInputStream", device, rate_hz, block, callback)

    def open_output(
        self, device: SoundDevice, rate_hz: int, block: int, pull: Callable[[int], Samples]
    ) -> Stream:
        def callback(data: Any, frames: int, time: Any, status: Any) -> None:
            data[:] = pull(frames).tobytes()

        return self._start("RawOutputStream", device, rate_hz, block, callback)

    def _start(
        self, kind: str, device: SoundDevice, rate_hz: int, block: int, callback: Any
    ) -> PortAudioStream:
        with self._lock:
            sounddevice = load()
            try:
                raw = getattr(sounddevice, kind)(
                    samplerate=rate_hz,
                    blocksize=block,
                    device=device.index,
                    channels=1,
                    dtype="int16",
                    latency="low",
                    callback=callback,
                )
                raw.start()
            except (sounddevice.PortAudioError, ValueError) as error:
                raise AudioError(
                    f'"{device.name}" cannot be opened ({error}); if another program has it,'
                    " `fuser -v /dev/snd/*` names that program"
                ) from error
            stream = PortAudioStream(self, raw)
            self._open.add(stream)
            return stream

    def close(self, stream: PortAudioStream) -> None:
        with self._lock:
            stream.raw.abort()  # errors are ignored by default: the card may be gone
            stream.raw.close()
            self._open.discard(stream)

    def refresh(self, urgent: bool) -> None:
        with self._lock:
            if self._open:
                self.refresh_wanted = self.refresh_wanted or urgent
                return
            self.refresh_wanted = False
            sounddevice = load()
            try:
                if sounddevice._initialized:
                    sounddevice._terminate()
                sounddevice._initialize()
            except sounddevice.PortAudioError as error:
                raise AudioError(f"PortAudio does not start ({error})") from error


PORTAUDIO = PortAudio()


def choose(devices: Sequence[SoundDevice], wanted: str, direction: Direction) -> SoundDevice | None:
    """The device whose name is, or else contains, `wanted`."""
    usable = [device for device in devices if device.channels[direction]]
    if wanted == "default":
        return next((device for device in usable if direction in device.default_for), None)
    name = wanted.casefold()
    exact = [device for device in usable if device.name.casefold() == name]
    partly = [device for device in usable if name in device.name.casefold()]
    return next(iter(exact + partly), None)


def find(sound: SoundSystem, wanted: str, direction: Direction) -> SoundDevice:
    """Like `choose` among what there is now; AudioError says what there is instead."""
    devices = sound.devices()
    if device := choose(devices, wanted, direction):
        return device
    names = [device.name for device in devices if device.channels[direction]]
    listed = f"there are {len(names)}: {', '.join(names)}" if names else "there is none at all"
    raise AudioError(f'"{wanted}" not found; {listed} (see `edgevoice devices`)')


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
    # "hw:" devices of PortAudio then convert rate and channels: few USB cards do 16 kHz mono.
    os.environ.setdefault("PA_ALSA_PLUGHW", "1")
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
