"""The loudspeaker: pulls from the playout buffer, at the rate at which it is heard.

What is to be heard is decided in `audio/playout.py`; speakers that need no
hardware live in `virtual_speaker.py`.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from edgevoice.audio.frames import FRAME_MS, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import SpeakerConfig
from edgevoice.errors import AudioError, SpeakerError
from edgevoice.hardware.portaudio import PORTAUDIO, SoundSystem, Stream, find
from edgevoice.hardware.virtual_speaker import VirtualSpeaker
from edgevoice.hardware.watched_stream import WatchedStream

log = logging.getLogger(__name__)


class Speaker(Protocol):
    @property
    def delay_ms(self) -> int:
        """From a sample being pulled to its being heard."""

    async def open(self) -> None:
        """Begin to pull; raises SpeakerError."""

    async def close(self) -> None:
        """Stop pulling and give the device back."""

    async def __aenter__(self) -> Self:
        """Open; a missing device is logged, and `watch` goes on trying."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def watch(self) -> None:
        """Run as a task: notices a lost device and reopens it."""


class PortAudioSpeaker:
    """While its device is lost the buffer is drained into nothing, at the right speed.

    A conversation thus goes on (with the light), and ends as it should.
    """

    def __init__(
        self, config: SpeakerConfig, playout: PlayoutBuffer, sound: SoundSystem = PORTAUDIO
    ) -> None:
        self._device = config.device
        self._playout = playout
        self._sound = sound
        self._stand_in = VirtualSpeaker(playout)
        self._stream = WatchedStream(
            sound, self._start, self._lost, self._found, may_yield=lambda: playout.is_empty
        )

    @property
    def delay_ms(self) -> int:
        return round(self._stream.latency_s * 1000)

    async def open(self) -> None:
        try:
            await self._stream.open()
        except AudioError:
            self._stand_in.start()
            raise

    async def close(self) -> None:
        await self._stream.close()
        await self._stand_in.close()

    async def __aenter__(self) -> Self:
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

    def _start(self) -> Stream:
        """In a thread."""
        rate_hz = self._playout.rate_hz
        try:
            device = find(self._sound, self._device, "out")
            return self._sound.open_output(device, rate_hz, rate_hz * FRAME_MS // 1000, self._pull)
        except AudioError as error:
            raise SpeakerError(f"speaker {error}") from error

    def _pull(self, n: int) -> Samples:
        """In PortAudio's thread."""
        self._stream.touch()
        return self._playout.pull(n)

    def _lost(self, reason: str) -> None:
        log.error("%s; trying to get it back", reason)
        self._stand_in.start()

    def _found(self) -> None:
        log.info("the speaker is back")
        self._stand_in.stop()


def _portaudio(config: SpeakerConfig, playout: PlayoutBuffer) -> Speaker:
    return PortAudioSpeaker(config, playout)


def _wav(config: SpeakerConfig, playout: PlayoutBuffer) -> Speaker:
    return VirtualSpeaker(playout, Path(config.device))


def _null(config: SpeakerConfig, playout: PlayoutBuffer) -> Speaker:
    return VirtualSpeaker(playout)


SPEAKERS: dict[str, Callable[[SpeakerConfig, PlayoutBuffer], Speaker]] = {
    "portaudio": _portaudio,
    "wav": _wav,
    "null": _null,
}


def make_speaker(config: SpeakerConfig, playout: PlayoutBuffer) -> Speaker:
    """The configured speaker, closed."""
    return SPEAKERS[config.backend](config, playout)
