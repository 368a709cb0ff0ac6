"""Sound cards on the loop's clock, with PortAudio's bad manners: an unplugged one just stops."""

import asyncio
import threading
from collections.abc import Callable

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError
from edgevoice.hardware.pacer import Pacer
from edgevoice.hardware.portaudio import SoundDevice

BLOCK_S = 0.02


class Card:
    """A sound card with one input and one output; what is played to it is in `heard`."""

    def __init__(self, name: str, default: bool = False) -> None:
        self.device = SoundDevice(
            0, name, {"in": 1, "out": 1}, frozenset(("in", "out") if default else ())
        )
        self.plugged = True
        self.gives_blocks = True
        self.heard: list[Samples] = []


class FakeStream:
    latency_s = 0.04

    def __init__(self, sound: "FakeSound", card: Card, block: Callable[[], None]) -> None:
        self._sound = sound
        self._card = card
        self._block = block
        self._pacer = Pacer(BLOCK_S, self._beat)
        self.open = True
        sound.loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self.open:
            self._pacer.start()

    def _beat(self) -> None:
        if self._card.plugged and self._card.gives_blocks and self.open:
            self._block()

    def close(self) -> None:
        self.open = False
        self._sound.open_streams.discard(self)
        self._sound.loop.call_soon_threadsafe(self._pacer.stop)


class FakeSound:
    """A card plugged in later is seen only after a refresh, as with PortAudio."""

    def __init__(self, *cards: Card) -> None:
        self.loop = asyncio.get_running_loop()
        self.cards = list(cards)
        self.refresh_wanted = False
        self.refreshes = 0
        self.openings = 0
        self.open_streams: set[FakeStream] = set()
        self.slow = threading.Event()
        """Opening a device takes until this is set."""
        self.slow.set()
        self._visible = list(cards)

    def devices(self) -> list[SoundDevice]:
        return [card.device for card in self._visible]

    def open_input(
        self, device: SoundDevice, rate_hz: int, block: int, heard: Callable[[Samples], None]
    ) -> FakeStream:
        numbers = iter(range(1, 1_000_000))

        def give() -> None:
            heard(np.full(block, next(numbers) % 30_000, np.int16))

        return self._open(device, lambda card: give)

    def open_output(
        self, device: SoundDevice, rate_hz: int, block: int, pull: Callable[[int], Samples]
    ) -> FakeStream:
        return self._open(device, lambda card: lambda: card.heard.append(pull(block)))

    def _open(self, device: SoundDevice, block: Callable[[Card], Callable[[], None]]) -> FakeStream:
        self.slow.wait()
        self.openings += 1
        card = next(card for card in self._visible if card.device is device)
        if not card.plugged:
            raise AudioError(f'"{device.name}" cannot be opened (error -9993)')
        stream = FakeStream(self, card, block(card))
        self.open_streams.add(stream)
        return stream

    def refresh(self, urgent: bool) -> None:
        if self.open_streams:
            self.refresh_wanted = self.refresh_wanted or urgent
            return
        self.refresh_wanted = False
        self.refreshes += 1
        self._visible = [card for card in self.cards if card.plugged]
