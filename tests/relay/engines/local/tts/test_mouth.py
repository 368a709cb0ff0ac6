"""Bytes of any kind become samples at 24 kHz."""

import numpy as np
import pytest

from edgevoice.errors import EngineError
from edgevoice.relay.engines.local.tts.mouth import LONGEST_S, PcmReader


def tone(rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    return (8000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)


def read(reader: PcmReader, data: bytes, step: int) -> np.ndarray:
    pieces = [reader.push(data[at : at + step]) for at in range(0, len(data), step)]
    return np.concatenate([*pieces, reader.finish()])


def test_samples_may_be_torn_apart():
    said = tone(24_000)
    assert np.array_equal(read(PcmReader(24_000), said.tobytes(), 333), said)


def test_two_channels_become_one():
    said = tone(24_000)
    both = np.stack((said, said), axis=1)
    assert np.array_equal(read(PcmReader(24_000, 2), both.tobytes(), 1001), said)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000])
def test_another_rate_sounds_the_same(rate_hz):
    heard = read(PcmReader(rate_hz), tone(rate_hz).tobytes(), 4000).astype(float)
    assert len(heard) == pytest.approx(24_000, abs=30)
    strongest = np.abs(np.fft.rfft(heard)).argmax() * 24_000 / len(heard)
    assert strongest == pytest.approx(440, abs=2)


def test_sound_without_end_has_an_end():
    reader = PcmReader(8_000)
    for _ in range(LONGEST_S):
        reader.push(bytes(16_000))
    with pytest.raises(EngineError, match="one sentence"):
        reader.push(bytes(2))


@pytest.mark.parametrize(("rate_hz", "channels"), [(0, 1), (24_000, 0), (10**9, 1), (24_000, 99)])
def test_what_nobody_can_play_is_refused(rate_hz, channels):
    with pytest.raises(EngineError, match="cannot play"):
        PcmReader(rate_hz, channels)
