"""What PortAudio is fed and gives, and when it is started again; sounds are in test_real_sound."""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError
from edgevoice.hardware.sound.portaudio import (
    FormatRefused,
    PortAudio,
    PortAudioStream,
    Sink,
    SoundDevice,
    Source,
    fill,
    samples_of,
)

DEVICE = SoundDevice(3, "HAT (hw:1,0)", {"in": 2, "out": 2})


class Error(Exception):
    pass


class RawStream:
    """sounddevice's, as far as it is used."""

    latency: Any = 0.02

    def __init__(self, library: "Library", kind: str, settings: dict[str, Any]) -> None:
        self._library = library
        self.kind = kind
        self.settings = settings
        self.source = os.environ.get("PULSE_SOURCE")
        self.closed = False
        if kind == "RawStream":
            self.latency = (0.02, 0.03)
        if library.refuses:
            raise Error("Invalid sample rate [PaErrorCode -9997]", library.refuses)

    def start(self) -> None:
        if self._library.refuses_to_start:
            raise Error("Unanticipated host error", -9999)

    def abort(self) -> None:
        self._library.while_it_closes()

    def close(self) -> None:
        self.closed = True


class Library:
    """The module sounddevice."""

    PortAudioError = Error
    _initialized = 1

    def __init__(self) -> None:
        self.streams: list[RawStream] = []
        self.starts = 0
        self.refuses = 0
        self.refuses_to_start = False
        self.while_it_closes: Callable[[], None] = lambda: None

    def __getattr__(self, kind: str) -> Any:
        def make(**settings: Any) -> RawStream:
            self.streams.append(RawStream(self, kind, settings))
            return self.streams[-1]

        return make

    def _initialize(self) -> None:
        self.starts += 1

    def _terminate(self) -> None: ...


class Sound(PortAudio):
    def __init__(self, cards: Path) -> None:
        self.clock_s = self.processor_s = 0.0
        super().__init__(cards, lambda: self.clock_s, lambda: self.processor_s)
        self.library = Library()

    def _load(self) -> Any:
        self._known = self._known or self._surroundings()
        return self.library


@pytest.fixture
def sound(tmp_path: Path) -> Sound:
    (tmp_path / "cards").write_text(" 0 [Headphones     ]: bcm2835\n")
    return Sound(tmp_path / "cards")


def source(heard: list[int] | None = None) -> Source:
    def hear(block: Any) -> None:
        if heard is not None:
            heard.extend(block.tolist())

    return Source(DEVICE, 2, hear)


STEADY = SimpleNamespace(output_underflow=False)
SINK = Sink(DEVICE, 1, lambda n: np.full(n, 7, np.int16))


def test_both_directions_are_one_stream_and_one_callback(sound: Sound) -> None:
    heard: list[int] = []
    stream = sound.open(48_000, 10, source(heard), SINK, {})
    raw = sound.library.streams[0]
    assert raw.kind == "RawStream"
    assert (raw.settings["samplerate"], raw.settings["blocksize"]) == (48_000, 480)
    assert (raw.settings["device"], raw.settings["channels"]) == ((3, 3), (2, 1))
    out = bytearray(4)
    raw.settings["callback"](np.array([1, 2, 3, 4], np.int16).tobytes(), out, 2, None, STEADY)
    assert heard == [1, 2, 3, 4]
    assert out == bytearray([7, 0, 7, 0])
    assert stream.latency_s == 0.03


@pytest.mark.parametrize("alone", [True, False])
def test_a_speaker_that_was_starved_says_so_before_it_goes_on(sound: Sound, alone: bool) -> None:
    told: list[str] = []

    def pull(n: int) -> Samples:
        told.append("pulled")
        return np.zeros(n, np.int16)

    sink = Sink(DEVICE, 1, pull, lambda: told.append("starved"))
    sound.open(48_000, 10, None if alone else source(), sink, {})
    callback = sound.library.streams[0].settings["callback"]
    data = [] if alone else [bytes(4)]
    for status in (STEADY, SimpleNamespace(output_underflow=True), STEADY):
        callback(*data, bytearray(4), 2, None, status)
    assert told == ["pulled", "starved", "pulled", "pulled"]


def test_the_environment_is_set_while_it_opens_and_as_before_afterwards(sound: Sound) -> None:
    before = os.environ.get("PULSE_SOURCE")
    sound.open(16_000, 10, source(), None, {"PULSE_SOURCE": "usb"})
    assert sound.library.streams[0].source == "usb"
    assert os.environ.get("PULSE_SOURCE") == before
    sound.library.refuses = -9997
    with pytest.raises(FormatRefused):
        sound.open(16_000, 10, source(), None, {"PULSE_SOURCE": "usb"})
    assert os.environ.get("PULSE_SOURCE") == before


@pytest.mark.fault("card-taken")
def test_a_card_that_is_gone_is_no_refusal_of_a_format(sound: Sound) -> None:
    sound.library.refuses = -9993
    with pytest.raises(Exception, match="fuser") as caught:
        sound.open(16_000, 10, None, SINK, {})
    assert not isinstance(caught.value, FormatRefused)


def test_a_stream_that_does_not_start_is_closed_again(sound: Sound) -> None:
    sound.library.refuses_to_start = True
    with pytest.raises(AudioError):
        sound.open(16_000, 10, source(), None, {})
    assert sound.library.streams[0].closed


@pytest.mark.parametrize(
    ("waited_s", "used_s", "spins"), [(10.0, 9.0, True), (2.0, 2.0, False), (60.0, 1.0, False)]
)
def test_a_closing_that_lasts_and_burns_the_processor_never_ends(
    sound: Sound, waited_s: float, used_s: float, spins: bool
) -> None:
    """A server that hangs lasts as long and burns nothing."""

    def hang() -> None:
        sound.clock_s, sound.processor_s = waited_s, used_s
        seen.append(sound.is_spinning)

    seen: list[bool] = []
    stream = sound.open(16_000, 10, source(), None, {})
    sound.library.while_it_closes = hang
    stream.close()
    sound.clock_s, sound.processor_s = 2 * waited_s, 2 * waited_s
    assert (seen, sound.is_spinning) == ([spins], False)


def test_it_is_started_again_only_when_nothing_is_open(sound: Sound, tmp_path: Path) -> None:
    stream = sound.open(16_000, 10, source(), None, {})
    sound.refresh(thorough=True)
    assert (sound.library.starts, sound.refresh_wanted) == (0, False)  # no card has come
    cards = tmp_path / "cards"
    cards.write_text(cards.read_text() + " 1 [Device         ]: USB-Audio\n")
    sound.refresh(thorough=False)
    assert (sound.library.starts, sound.refresh_wanted) == (0, True)
    stream.close()
    sound.refresh(thorough=False)
    assert (sound.library.starts, sound.refresh_wanted) == (1, False)
    sound.refresh(thorough=False)
    assert sound.library.starts == 1
    sound.refresh(thorough=True)
    assert sound.library.starts == 2


def test_a_card_that_went_is_no_reason_to_disturb_the_others(sound: Sound, tmp_path: Path) -> None:
    sound.open(16_000, 10, source(), None, {})
    (tmp_path / "cards").unlink()
    sound.refresh(thorough=True)
    assert not sound.refresh_wanted


def test_closing_twice_is_closing(sound: Sound) -> None:
    stream = sound.open(16_000, 10, None, SINK, {})
    stream.close()
    stream.close()
    assert isinstance(stream, PortAudioStream) and stream.raw.closed


@given(st.binary(max_size=100))
def test_half_a_sample_is_left_out(raw: bytes) -> None:
    assert samples_of(raw).tobytes() == raw[: len(raw) // 2 * 2]


@given(st.lists(st.integers(-32768, 32767), max_size=20), st.integers(0, 50))
def test_a_block_of_the_wrong_length_fills_what_there_is(values: list[int], size: int) -> None:
    out = bytearray(b"\xff" * size)
    fill(out, np.array(values, np.int16))
    assert len(out) == size
    assert bytes(out) == np.array(values, np.int16).tobytes()[:size].ljust(size, b"\0")
