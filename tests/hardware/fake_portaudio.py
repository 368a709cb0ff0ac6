"""Sound cards on the loop's clock, with PortAudio's bad manners: an unplugged one just stops."""

import asyncio
import threading
from collections.abc import Mapping, Sequence

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.pacer import Pacer
from edgevoice.hardware.sound.portaudio import Direction, FormatRefused, Sink, SoundDevice, Source

LATENCY_S = 0.04


class Card:
    """A sound card; what is played to it is in `heard`. It takes any rate unless told otherwise."""

    def __init__(
        self,
        name: str,
        default: bool = False,
        inputs: int = 1,
        outputs: int = 1,
        rates_hz: Sequence[int] = (),
        refuses_channels: Sequence[int] = (),
        full_duplex: bool = True,
    ) -> None:
        self.device = SoundDevice(
            0,
            name,
            {"in": inputs, "out": outputs},
            frozenset(("in", "out") if default else ()),
            rates_hz[0] if rates_hz else 48_000,
        )
        self.rates_hz = rates_hz
        self.refuses_channels = refuses_channels
        self.full_duplex = full_duplex
        self.plugged = True
        self.is_taken = False
        """By another program."""
        self.gives_blocks = True
        self.gives_zeros = False
        self.heard: list[Samples] = []

    def block(self, number: int, frames: int, channels: int) -> Samples:
        """Channel 1 holds the block's number, channel 2 that and 10,000, and so on."""
        if self.gives_zeros:
            return np.zeros(frames * channels, np.int16)
        values = [number % 10_000 + 10_000 * channel for channel in range(channels)]
        return np.tile(np.array(values, np.int16), frames)


class FakeStream:
    latency_s = LATENCY_S

    def __init__(
        self,
        sound: "FakeSound",
        card: Card,
        rate_hz: int,
        period_ms: int,
        source: Source | None,
        sink: Sink | None,
    ) -> None:
        self._sound = sound
        self.card = card
        self.rate_hz = rate_hz
        self.frames = rate_hz * period_ms // 1000
        self.period_s = period_ms / 1000
        self.source = source
        self.sink = sink
        self._number = 0
        self._passed_s = 0.0
        self._pacer = Pacer(self.period_s, self.beat)
        self.open = True
        sound.loop.call_soon_threadsafe(self._begin)

    @property
    def kind(self) -> str:
        return "duplex" if self.source and self.sink else "in" if self.source else "out"

    def devices(self, direction: Direction) -> list[SoundDevice]:
        half = self.source if direction == "in" else self.sink
        return [half.device] if half else []

    def pass_time(self, seconds: float) -> None:
        """Blocks go by while the loop stands still."""
        self._passed_s += seconds
        while self._passed_s >= self.period_s:
            self._passed_s -= self.period_s
            self.beat()

    def _begin(self) -> None:
        if self.open:
            self._pacer.start()

    def beat(self) -> None:
        if not (self.card.plugged and self.card.gives_blocks and self.open):
            return
        self._number += 1
        if self.source:
            self.source.heard(self.card.block(self._number, self.frames, self.source.channels))
        if self.sink:
            self.card.heard.append(self.sink.pull(self.frames))

    def close(self) -> None:
        self.open = False
        self._sound.open_streams.pop(self, None)
        self._sound.loop.call_soon_threadsafe(self._pacer.stop)


class FakeSound:
    """A card plugged in later is seen only after a refresh, as with PortAudio."""

    def __init__(self, *cards: Card) -> None:
        self.loop = asyncio.get_running_loop()
        self.cards = list(cards)
        self.refresh_wanted = False
        self.refreshes = 0
        self.refuses_to_start = False
        self.openings = 0
        self.environments: list[Mapping[str, str]] = []
        self.open_streams: dict[FakeStream, None] = {}
        self.slow = threading.Event()
        """Opening a device takes until this is set."""
        self.slow.set()
        self._visible = list(cards)

    def devices(self) -> list[SoundDevice]:
        return [card.device for card in self._visible]

    def pause(self, seconds: float) -> None:
        """Instead of `time.sleep`: the cards go on."""
        for stream in list(self.open_streams):
            stream.pass_time(seconds)

    def open(
        self,
        rate_hz: int,
        period_ms: int,
        source: Source | None,
        sink: Sink | None,
        environment: Mapping[str, str],
    ) -> FakeStream:
        self.slow.wait()
        self.openings += 1
        self.environments.append(environment)
        halves: list[tuple[Direction, Source | Sink]] = []
        halves += [("in", source)] if source else []
        halves += [("out", sink)] if sink else []
        for direction, half in halves:
            self._check(direction, half, rate_hz, together=len(halves) == 2)
        card = self._card(halves[-1][1].device)
        stream = FakeStream(self, card, rate_hz, period_ms, source, sink)
        self.open_streams[stream] = None
        return stream

    def _card(self, device: SoundDevice) -> Card:
        return next(card for card in self._visible if card.device is device)

    def _check(
        self, direction: Direction, half: Source | Sink, rate_hz: int, together: bool
    ) -> None:
        card = self._card(half.device)
        if not card.plugged:
            raise AudioError(f'"{card.device.name}" cannot be opened (error -9993)')
        if card.is_taken or any(
            half.device in stream.devices(direction) for stream in self.open_streams
        ):
            raise AudioError(f'"{card.device.name}" cannot be opened (error -9985)')
        if (
            (card.rates_hz and rate_hz not in card.rates_hz)
            or half.channels > card.device.channels[direction]
            or half.channels in card.refuses_channels
            or (together and not card.full_duplex)
        ):
            raise FormatRefused(f'"{card.device.name}" cannot be opened (error -9997)')

    def refresh(self, thorough: bool) -> None:
        now = [card for card in self.cards if card.plugged]
        stale = any(card not in self._visible for card in now)
        if self.open_streams:
            self.refresh_wanted = self.refresh_wanted or stale
            return
        self.refresh_wanted = False
        if self.refuses_to_start:
            raise AudioError("PortAudio does not start")
        if thorough or stale:
            self.refreshes += 1
            self._visible = now


class FakeServer:
    """A sound server whose sources and sinks are these; `remove` one."""

    def __init__(self, *names: str) -> None:
        self.there = list(names)
        self._changed = asyncio.Event()

    def names(self, direction: Direction) -> list[str] | None:
        return self.there

    def remove(self, name: str) -> None:
        self.there.remove(name)
        self._changed.set()

    async def until_gone(self, name: str, direction: Direction) -> bool:
        while name in self.there:
            await self._changed.wait()
            self._changed.clear()
        return True
