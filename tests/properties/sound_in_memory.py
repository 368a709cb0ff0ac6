"""What is said in the room of the device's rule machine, and ears that hear it without models.

Every frame that the microphone delivers is unlike all others, so that whoever receives some
of it can tell from the samples alone when they were captured. Loudness says what it is.
"""

from collections.abc import Callable

import numpy as np

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.config import WakeConfig
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone

SPEECH, WAKE, STOP = 6_000, 12_000, 20_000
"""How loud it is: somebody speaks, says the wake word, says the stop word."""
WAKE_FRAMES, STOP_FRAMES = 20, 10
"""So much of it is heard as the word."""
RING_FRAMES = 31 * 50
"""Longer ago than the device remembers nothing can be sent from."""


def loudness(frame: Samples) -> int:
    return int(np.abs(frame.astype(np.int32)).max())


class LoudnessVad:
    def probability(self, frame: Samples) -> float:
        return 0.95 if loudness(frame) > SPEECH - 1_000 else 0.02

    def reset(self) -> None:
        pass


class MarkedWords(WakeWords):
    """Hears a word where the sound is as loud as that."""

    def __init__(self) -> None:
        super().__init__("", WakeConfig(words=()))
        self._loud = 0
        self._word = ""

    def hear(self, samples: Samples, first_index: int, playing: bool = False) -> list[Detection]:
        self.chunks_scored += 1
        loud, end = loudness(samples), first_index + len(samples)
        word = "stop" if loud > STOP - 1_000 else "alexa" if loud > WAKE - 1_000 else ""
        self._loud, self._word = self._loud + 1 if word and word == self._word else 0, word
        if word == "alexa" and self._loud == WAKE_FRAMES:
            start = end - (WAKE_FRAMES + 1) * FRAME_SAMPLES
            return [Detection("alexa", 0.9, start, end, end)]
        if word == "stop" and self._loud == STOP_FRAMES:
            return [Detection("stop", 0.9, first_index, end, end, "stop")]
        return []

    def reset(self) -> None:
        self._loud = 0

    def is_said_in(self, sound: Samples, name: str) -> bool:
        return False


class Tape:
    """What one microphone has delivered: frame by frame, found again by its sound."""

    def __init__(self) -> None:
        self.frames: list[Samples] = []
        self._places: dict[bytes, int] = {}
        self._next: int | None = None
        """Where what is asked for next most probably lies."""

    @property
    def end(self) -> int:
        return len(self.frames) * FRAME_SAMPLES

    def write(self, frame: Samples) -> None:
        self._places[frame.tobytes()] = self.end
        self.frames.append(frame)

    def read(self, start: int, end: int) -> Samples:
        first = start // FRAME_SAMPLES
        some = np.concatenate(self.frames[first : end // FRAME_SAMPLES + 1])
        return some[start - first * FRAME_SAMPLES : end - first * FRAME_SAMPLES]

    def place_of(self, sound: Samples) -> int | None:
        """Where this was captured; None: it never was."""
        likely = (self._next, self._places.get(sound[:FRAME_SAMPLES].tobytes()))
        found = next((at for at in likely if at is not None and self._is_at(at, sound)), None)
        if found is None:
            found = self._search(sound)
        self._next = None if found is None else found + len(sound)
        return found

    def _is_at(self, place: int, sound: Samples) -> bool:
        end = place + len(sound)
        return end <= self.end and np.array_equal(self.read(place, end), sound)

    def _search(self, sound: Samples) -> int | None:
        """Not on the beat of the frames."""
        some = self.frames[-RING_FRAMES:]
        everything = np.concatenate(some).tobytes() if some else b""
        at = everything.find(sound.tobytes())
        while at % 2 and at >= 0:
            at = everything.find(sound.tobytes(), at + 1)
        return (len(self.frames) - len(some)) * FRAME_SAMPLES + at // 2 if at >= 0 else None


def noise(first: int, last: int) -> Samples:
    """Soft, and at each place in time another."""
    places = np.arange(first, last, dtype=np.uint64)
    mixed = (places * np.uint64(0x9E3779B97F4A7C15)) ^ (places << np.uint64(7))
    soft: Samples = ((mixed >> np.uint64(40)) % np.uint64(701)).astype(np.int16)
    return soft


class MarkedMicrophone(VirtualMicrophone):
    """Writes down what it delivers, and says so before anybody hears it."""

    def __init__(
        self,
        on_block: Callable[[Samples], None],
        on_lost: Callable[[str], None],
        on_found: Callable[[], None],
        on_frame: Callable[[], None],
    ) -> None:
        self.tape = Tape()
        self._on_frame = on_frame

        def deliver(block: Samples) -> None:
            self.tape.write(block)
            on_block(block)
            self._on_frame()

        super().__init__(deliver, on_lost, on_found)

    def _mixed(self, first: int) -> Samples:
        return super()._mixed(first) + noise(first, first + FRAME_SAMPLES)

    @property
    def is_open(self) -> bool:
        return self._pacer.is_running


def loud(level: int, frames: int) -> Samples:
    return np.full(frames * FRAME_SAMPLES, level, np.int16)
