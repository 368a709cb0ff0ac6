"""WAV files: what is written is read again; what is not usable is named."""

import os
import threading
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.wav import WavWriter, read_wav
from edgevoice.errors import WavError


def written(path: Path, samples: np.ndarray, rate_hz: int = 16_000, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return path


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.wav", np.arange(20_000, dtype=np.int16)).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(whole,))
    thread.start()
    assert np.array_equal(read_wav(pipe), np.arange(20_000, dtype=np.int16))
    thread.join()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    samples = np.array([0, 1, -1, 32767, -32768], np.int16)
    with WavWriter(tmp_path / "a.wav") as writer:
        writer.write(samples[:2])
        writer.write(samples[2:])
    assert np.array_equal(read_wav(tmp_path / "a.wav"), samples)


def test_stereo_is_mixed(tmp_path: Path) -> None:
    stereo = np.array([[100, 300], [-32768, -32768], [32767, 32767]], np.int16)
    mono = read_wav(written(tmp_path / "a.wav", stereo))
    assert mono.tolist() == [200, -32768, 32767]


def test_other_rates_are_converted(tmp_path: Path) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.int16)
    heard = read_wav(written(tmp_path / "a.wav", tone, 48_000), rate_hz=16_000)
    assert len(heard) == 16_000
    assert np.abs(np.fft.rfft(heard)).argmax() == 440


def test_a_recording_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.arange(100, dtype=np.int16))
    path.write_bytes(path.read_bytes()[:-101])
    assert read_wav(path).tolist() == list(range(49))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "ends early"),
        (b"RIFF", "ends early"),
        (b"ID3\x04 this is an mp3, really", "RIFF"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x03\x00" + bytes(40), "format"),
        (b"RIFF\x24\x00\x00\x00WAVELIST\xff\xff\xff\x00" + bytes(24), "ends early"),
    ],
)
def test_what_is_no_pcm_is_said_with_the_way_to_convert(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(WavError, match=rf"a\.wav .*{complaint}.*ffmpeg"):
        read_wav(path)


@pytest.mark.parametrize("rate_hz", [1, 3_999, 384_001, 2**32 - 1])
def test_a_rate_that_nothing_has_is_said(tmp_path: Path, rate_hz: int) -> None:
    """A second at 1 Hz would become 16,000 samples, a minute a million."""
    path = written(tmp_path / "a.wav", np.ones(100, np.int16))
    header = bytearray(path.read_bytes())
    header[24:28] = rate_hz.to_bytes(4, "little")
    path.write_bytes(header)
    with pytest.raises(WavError, match=f"a.wav says it has {rate_hz} samples a second"):
        read_wav(path)


def test_no_more_memory_is_taken_than_the_file_is_long(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.ones(100, np.int16))
    header = bytearray(path.read_bytes())
    header[4:8] = header[40:44] = (4_000_000_000).to_bytes(4, "little")
    path.write_bytes(header)
    tracemalloc.start()
    try:
        assert len(read_wav(path)) == 100
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_24_bit_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.zeros(30, np.uint8), width=3)
    with pytest.raises(WavError, match="24-bit"):
        read_wav(path)


def test_a_file_without_sound_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.zeros(0, np.int16))
    with pytest.raises(WavError, match="no sound"):
        read_wav(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(WavError, match="No such file"):
        read_wav(tmp_path / "missing.wav")


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(WavError, match="cannot be written"):
        WavWriter(tmp_path / "no such folder" / "a.wav").open()
