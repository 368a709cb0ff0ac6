"""Reading and writing 16-bit PCM WAV files."""

import wave
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.resample import resample
from edgevoice.errors import WavError

_CONVERT = "convert it with: ffmpeg -i FILE -ac 1 -ar 16000 -c:a pcm_s16le OUT.wav"

PIECE = 16_384
"""Samples read at once."""
LEAST_HZ, MOST_HZ = 4_000, 384_000
"""Telephones have 8,000. A damaged header may say 1: a second of it would become 16,000."""


def read_wav(path: str | Path, rate_hz: int = CAPTURE_RATE_HZ) -> Samples:
    """The sound in a file, mixed to mono, at the wanted rate."""
    samples, file_rate_hz = _read(Path(path))
    return resample(samples, file_rate_hz, rate_hz)


def _read(path: Path) -> tuple[Samples, int]:
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                bits = 8 * file.getsampwidth()
                raise WavError(f"{path} holds {bits}-bit samples, 16 are needed; {_CONVERT}")
            # A header may claim 4 GB, and all of it would be reserved; a pipe has no size.
            frames = max(1, PIECE // file.getnchannels())
            data = b"".join(iter(lambda: file.readframes(frames), b""))
            channels, rate_hz = file.getnchannels(), file.getframerate()
    except (wave.Error, EOFError, RuntimeError) as error:  # RuntimeError: a part longer than all
        reason = str(error) or "it ends early"
        raise WavError(f"{path} is not a PCM WAV file ({reason}); {_CONVERT}") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise WavError(f"{path} cannot be read ({reason}): name a file that is there") from None
    samples = _mono(data, channels)
    if not len(samples):
        raise WavError(f"{path} holds no sound: name another file")
    if not LEAST_HZ <= rate_hz <= MOST_HZ:
        raise WavError(f"{path} says it has {rate_hz} samples a second; {_CONVERT}")
    return samples, rate_hz


def _mono(data: bytes, channels: int) -> Samples:
    """Mixed down. A file cut off in the middle of a frame loses that frame only."""
    whole = len(data) // (2 * channels) * 2 * channels
    samples = np.frombuffer(data[:whole], "<i2").astype(np.int16)
    if channels == 1:
        return samples
    mixed: Samples = samples.reshape(-1, channels).mean(axis=1).round().astype(np.int16)
    return mixed


class WavWriter:
    """A mono WAV file that grows; open it with `with`, or with `open` and `close`."""

    def __init__(self, path: str | Path, rate_hz: int = CAPTURE_RATE_HZ) -> None:
        self._path = Path(path)
        self._rate_hz = rate_hz
        self._file: BinaryIO | None = None
        self._wave: wave.Wave_write | None = None

    def open(self) -> None:
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise WavError(
                f"{self._path} cannot be written ({reason}): name a file in a folder of your own"
            ) from None
        self._wave = wave.open(self._file, "wb")  # noqa: SIM115
        self._wave.setnchannels(1)
        self._wave.setsampwidth(2)
        self._wave.setframerate(self._rate_hz)

    def write(self, samples: Samples) -> None:
        assert self._wave is not None, "write to a WavWriter that is not open"
        self._wave.writeframesraw(samples.astype("<i2", copy=False).tobytes())

    def close(self) -> None:
        """Complete the header. Closing twice does nothing; OSError on a full disk."""
        if self._wave is None or self._file is None:
            return
        header, file = self._wave, self._file
        self._wave = self._file = None
        try:
            header.close()
        finally:
            file.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
