"""The microphone: 20 ms blocks, handed over on the event loop, for as long as it is open.

What the samples mean is none of its business. Where they come from is in the
table at the end; microphones that need no hardware live in `virtual_microphone.py`.
"""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_MS, FRAME_SAMPLES, Samples
from edgevoice.config import MicrophoneConfig
from edgevoice.errors import AudioError, MicrophoneError
from edgevoice.hardware.portaudio import PORTAUDIO, SoundSystem, Stream, find
from edgevoice.hardware.virtual_microphone import VirtualMicrophone, WavMicrophone
from edgevoice.hardware.watched_stream import WatchedStream

log = logging.getLogger(__name__)

MOST_WAITING = 2_000 // FRAME_MS
"""Blocks on their way to the loop. When it is 2 s behind, the newest are dropped and counted."""

FLAT_BLOCKS = 10_000 // FRAME_MS
"""Exact zeros for this long are not a quiet room: no converter is that quiet."""

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
        sound: SoundSystem = PORTAUDIO,
    ) -> None:
        self._device = config.device
        self._on_block = on_block
        self._sound = sound
        self._stream = WatchedStream(sound, self._start, on_lost, on_found)
        self._opening = 0
        self._submitted = 0
        self._arrived = 0
        self._flat = 0
        self.blocks = 0
        self.dropped = 0

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
        await self._stream.watch()

    def block_age_s(self, now: float) -> float:
        return self._stream.age_s(now)

    def _start(self) -> Stream:
        """In a thread."""
        self._opening += 1
        opening = self._opening

        def heard(block: Samples) -> None:
            self._hop(opening, block)

        try:
            device = find(self._sound, self._device, "in")
            return self._sound.open_input(device, CAPTURE_RATE_HZ, FRAME_SAMPLES, heard)
        except AudioError as error:
            raise MicrophoneError(f"microphone {error}") from error

    def _hop(self, opening: int, block: Samples) -> None:
        """In PortAudio's thread: count, hand over, return."""
        self._stream.touch()
        if self._submitted - self._arrived >= MOST_WAITING:
            self.dropped += 1
            return
        self._submitted += 1
        self._loop.call_soon_threadsafe(self._arrive, opening, block)

    def _arrive(self, opening: int, block: Samples) -> None:
        self._arrived += 1
        if opening != self._opening:  # closed while the block was on its way
            return
        self.blocks += 1
        self._look_for_flatness(block)
        self._on_block(block)

    def _look_for_flatness(self, block: Samples) -> None:
        """A card muted by its own switch, or a sound server that swapped the source."""
        self._flat = 0 if block.any() else self._flat + 1
        if self._flat == FLAT_BLOCKS:
            log.warning(
                'microphone "%s" delivers nothing but zeros: is it muted by a switch, or the'
                " wrong device? `edgevoice devices` lists them",
                self._device,
            )


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
