"""The microphone: frames of 20 ms, handed over on the event loop, for as long as it is open.

What the samples mean is none of its business. Where they come from is in the
table at the end; microphones that need no hardware live in `virtual_microphone.py`.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_MS, Samples
from edgevoice.config import MicrophoneConfig
from edgevoice.errors import AudioError, MicrophoneError
from edgevoice.hardware.sound.duplex import DUPLEX, USUAL_RATES_HZ, Duplex, InputWish
from edgevoice.hardware.sound.framer import Framer
from edgevoice.hardware.sound.pactl import PACTL
from edgevoice.hardware.sound.portaudio import FormatRefused, SoundDevice, Stream
from edgevoice.hardware.sound.sound_names import find, hardware_numbers, is_at_server
from edgevoice.hardware.sound.sound_server import SoundServer
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone, WavMicrophone
from edgevoice.hardware.sound.watched_stream import WatchedStream, watch_node

MOST_WAITING = 2_000 // FRAME_MS
"""Frames on their way to the loop. When it is 2 s behind, the newest are dropped and counted."""

OnBlock: TypeAlias = Callable[[Samples], None]
OnLost: TypeAlias = Callable[[str], None]
OnFound: TypeAlias = Callable[[], None]


class Microphone(Protocol):
    """`on_block(samples)` gets 320 samples at 16 kHz every 20 ms while it is open.

    All callbacks are called on the loop. `on_lost(reason)` and `on_found()` alternate.
    """

    @property
    def blocks(self) -> int:
        """Handed over so far."""

    @property
    def dropped(self) -> int:
        """Lost because the loop was more than 2 s behind."""

    @property
    def behind_s(self) -> float:
        """How much was captured and is not yet handed over."""

    async def open(self) -> None:
        """Begin; raises MicrophoneError, after which `watch` goes on trying."""

    async def close(self) -> None:
        """Give the device back; not one block is handed over after this."""

    async def __aenter__(self) -> Self:
        """Open; a device that is not there is told to `on_lost`, and `watch` goes on trying."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def watch(self) -> None:
        """Run as a task, open or not: notices a lost device and reopens it."""

    def block_age_s(self, now: float) -> float:
        """Time since the last block by the loop's clock; 0 while closed on purpose."""


class PortAudioMicrophone:
    def __init__(
        self,
        config: MicrophoneConfig,
        on_block: OnBlock,
        on_lost: OnLost,
        on_found: OnFound,
        duplex: Duplex = DUPLEX,
        server: SoundServer = PACTL,
    ) -> None:
        self._config = config
        self._on_block = on_block
        self._duplex = duplex
        self._server = server
        self._stream = WatchedStream(
            duplex,
            self._start,
            on_lost,
            on_found,
            complaint=self._complaint,
            may_reopen=lambda: duplex.may_be_torn,
        )
        self._node = ""
        self._opening = 0
        self._submitted = 0
        self._arrived = 0
        self._zeros = 0
        self._most_zeros = round(config.zeros_lost_s * 1000 / FRAME_MS)
        self.blocks = 0
        self.dropped = 0

    @property
    def behind_s(self) -> float:
        return (self._submitted - self._arrived) * FRAME_MS / 1000

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._stream.open()

    async def close(self) -> None:
        self._opening += 1
        await self._stream.close()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._stream.open_or_lose()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stream.watch())
            if is_at_server(self._config.device):
                tasks.create_task(watch_node(self._server, "in", lambda: self._node, self._stream))

    def block_age_s(self, now: float) -> float:
        return self._stream.age_s(now)

    def _start(self) -> Stream:
        """In a thread."""
        self._opening += 1
        # A source that was lost has to prove itself: not found before it gives more than zeros.
        self._zeros = self._most_zeros if self._stream.is_lost else 0
        try:
            return self._duplex.open_input(self._wish)
        except FormatRefused as error:
            raise MicrophoneError(
                f"microphone {error}; set microphone.rate_hz: 0, the rate the card has"
            ) from error
        except AudioError as error:
            raise MicrophoneError(f"microphone {error}") from error

    def _wish(self) -> InputWish:
        config = self._config
        found = find(self._duplex.sound.devices(), config.device, "in", server=self._server)
        self._node = found.node
        self._stream.starts_slowly = hardware_numbers(found.device) is None
        return InputWish(
            found,
            rates_hz=_rates(config.rate_hz, found.device.rate_hz),
            channels=_channels(config.channel, found.device),
            period_ms=config.period_ms,
            listen=self._listen,
            interrupted=lambda: self._tell_loop(self._stream.interrupted),
        )

    def _listen(self, rate_hz: int, channels: int) -> Callable[[Samples], None]:
        framer = Framer(rate_hz, channels, self._config.channel, self._config.gain_db)
        opening = self._opening

        def heard(block: Samples) -> None:
            self._stream.touch()
            for frame in framer.push(block):
                self._hop(opening, frame)

        return heard

    def _hop(self, opening: int, frame: Samples) -> None:
        """In PortAudio's thread: count, hand over, return."""
        if self._submitted - self._arrived >= MOST_WAITING:
            self.dropped += 1
            return
        self._submitted += 1
        self._loop.call_soon_threadsafe(self._arrive, opening, frame)

    def _arrive(self, opening: int, frame: Samples) -> None:
        self._arrived += 1
        if opening != self._opening:  # closed while the frame was on its way
            return
        self.blocks += 1
        self._zeros = 0 if frame.any() else self._zeros + 1
        if self._zeros == self._most_zeros or self._stream.is_lost:
            self._stream.judge()  # first, as what was heard before it was found is forgotten
        self._on_block(frame)

    def _complaint(self) -> str:
        """A card muted by its own switch, or a sound server that swapped the source."""
        if not self._most_zeros or self._zeros < self._most_zeros:
            return ""
        return (
            f'microphone "{self._config.device}" delivers nothing but zeros: muted by its own'
            " switch, or the wrong source? `edgevoice devices` lists them"
        )

    def _tell_loop(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)


def _rates(wanted_hz: int, card_hz: int) -> tuple[int, ...]:
    """What is tried; 16 kHz first, as it needs no work."""
    if wanted_hz:
        return (wanted_hz,)
    return tuple(dict.fromkeys((CAPTURE_RATE_HZ, card_hz, *USUAL_RATES_HZ)))


def _channels(wanted: int, device: SoundDevice) -> tuple[int, ...]:
    """How many are opened to hear the one that is wanted: as few as the card gives."""
    there_are = device.channels["in"]
    if wanted > there_are:
        raise AudioError(
            f'"{device.name}" has {there_are} channels, and microphone.channel is {wanted}:'
            f" set it to a number from 1 to {there_are}"
        )
    return tuple(sorted({wanted, min(there_are, max(wanted, 2)), min(there_are, max(wanted, 8))}))


def _portaudio(
    config: MicrophoneConfig, on_block: OnBlock, on_lost: OnLost, on_found: OnFound
) -> Microphone:
    return PortAudioMicrophone(config, on_block, on_lost, on_found)


def _wav(
    config: MicrophoneConfig, on_block: OnBlock, on_lost: OnLost, on_found: OnFound
) -> Microphone:
    return WavMicrophone(config.device, on_block, on_lost, on_found)


def _silence(
    config: MicrophoneConfig, on_block: OnBlock, on_lost: OnLost, on_found: OnFound
) -> Microphone:
    return VirtualMicrophone(on_block, on_lost, on_found)


MICROPHONES: dict[str, Callable[[MicrophoneConfig, OnBlock, OnLost, OnFound], Microphone]] = {
    "portaudio": _portaudio,
    "wav": _wav,
    "silence": _silence,
}


def make_microphone(
    config: MicrophoneConfig, on_block: OnBlock, on_lost: OnLost, on_found: OnFound
) -> Microphone:
    """The configured microphone, closed."""
    return MICROPHONES[config.backend](config, on_block, on_lost, on_found)
