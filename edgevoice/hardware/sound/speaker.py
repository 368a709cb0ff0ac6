"""The loudspeaker: pulls from the playout buffer, at the rate at which it is heard.

What is to be heard is decided in `audio/playout.py`; speakers that need no
hardware live in `virtual_speaker.py`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import SpeakerConfig
from edgevoice.errors import AudioError, SpeakerError
from edgevoice.hardware.sound.duplex import DUPLEX, USUAL_RATES_HZ, Duplex, OutputWish
from edgevoice.hardware.sound.feed import Feed
from edgevoice.hardware.sound.pactl import PACTL
from edgevoice.hardware.sound.portaudio import Stream
from edgevoice.hardware.sound.sound_names import find, hardware_numbers, is_at_server
from edgevoice.hardware.sound.sound_server import SoundServer
from edgevoice.hardware.sound.virtual_speaker import OnFound, OnLost, OnPlayed, VirtualSpeaker
from edgevoice.hardware.sound.watched_stream import WatchedStream, watch_node


class Speaker(Protocol):
    """`on_lost(reason)` and `on_found()` alternate, and are called on the loop."""

    on_played: OnPlayed
    """Set by whoever wants to know: every block that is going to be heard, at the playout's
    rate, called in the pulling thread. What is pulled while the device is lost is not heard."""

    on_starved: Callable[[], None]
    """Set likewise: the device had nothing to play for a moment, and its echo comes later now."""

    @property
    def delay_ms(self) -> int:
        """From a sample being pulled to its being heard."""

    async def open(self) -> None:
        """Begin to pull; raises SpeakerError, after which `watch` goes on trying."""

    async def close(self) -> None:
        """Stop pulling and give the device back."""

    async def __aenter__(self) -> Self:
        """Open; a device that is not there is told to `on_lost`, and `watch` goes on trying."""

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
        self,
        config: SpeakerConfig,
        playout: PlayoutBuffer,
        on_lost: OnLost = lambda reason: None,
        on_found: OnFound = lambda: None,
        duplex: Duplex = DUPLEX,
        server: SoundServer = PACTL,
    ) -> None:
        self._config = config
        self._playout = playout
        self._tell_lost = on_lost
        self._tell_found = on_found
        self._duplex = duplex
        self._server = server
        self._node = ""
        self._stand_in = VirtualSpeaker(playout)
        self._stream = WatchedStream(
            duplex,
            self._start,
            self._lost,
            self._found,
            may_yield=lambda: playout.is_empty,
            says_so=False,
        )
        self.on_played: OnPlayed = lambda block, at_s: None
        self.on_starved: Callable[[], None] = lambda: None

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
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stream.watch())
            if is_at_server(self._config.device):
                tasks.create_task(watch_node(self._server, "out", lambda: self._node, self._stream))

    def _start(self) -> Stream:
        """In a thread."""
        try:
            return self._duplex.open_output(self._wish)
        except AudioError as error:
            raise SpeakerError(f"speaker {error}") from error

    def _wish(self) -> OutputWish:
        config = self._config
        found = find(self._duplex.sound.devices(), config.device, "out", server=self._server)
        self._node = found.node
        self._stream.starts_slowly = hardware_numbers(found.device) is None
        rates_hz = (self._playout.rate_hz, found.device.rate_hz, *USUAL_RATES_HZ)
        return OutputWish(
            found,
            rates_hz=tuple(dict.fromkeys(rates_hz)),
            channels=(1, 2),
            period_ms=config.period_ms,
            feed=self._feed,
            busy=lambda: not self._playout.is_empty,
            starved=lambda: self.on_starved(),
        )

    def _feed(self, rate_hz: int, channels: int, resumed: bool) -> Feed:
        return Feed(self._pull, self._playout.rate_hz, rate_hz, channels, resumed)

    def _pull(self, n: int) -> Samples:
        """In PortAudio's thread."""
        at_s = self._stream.touch()
        block = self._playout.pull(n)
        self.on_played(block, at_s)
        return block

    def _lost(self, reason: str) -> None:
        self._stand_in.start()
        self._tell_lost(reason)

    def _found(self) -> None:
        self._stand_in.stop()
        self._tell_found()


def _portaudio(
    config: SpeakerConfig, playout: PlayoutBuffer, on_lost: OnLost, on_found: OnFound
) -> Speaker:
    return PortAudioSpeaker(config, playout, on_lost, on_found)


def _wav(
    config: SpeakerConfig, playout: PlayoutBuffer, on_lost: OnLost, on_found: OnFound
) -> Speaker:
    return VirtualSpeaker(playout, Path(config.device), on_lost, on_found)


def _null(
    config: SpeakerConfig, playout: PlayoutBuffer, on_lost: OnLost, on_found: OnFound
) -> Speaker:
    return VirtualSpeaker(playout, None, on_lost, on_found)


SPEAKERS: dict[str, Callable[[SpeakerConfig, PlayoutBuffer, OnLost, OnFound], Speaker]] = {
    "portaudio": _portaudio,
    "wav": _wav,
    "null": _null,
}


def make_speaker(
    config: SpeakerConfig,
    playout: PlayoutBuffer,
    on_lost: OnLost = lambda reason: None,
    on_found: OnFound = lambda: None,
) -> Speaker:
    """The configured speaker, closed."""
    return SPEAKERS[config.backend](config, playout, on_lost, on_found)
