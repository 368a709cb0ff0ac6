"""Sound inside events: base64 of PCM at 24 kHz or of G.711 at 8 kHz, to samples and back.

What is asked for in the session is judged here too. Media over WebRTC is Opus whatever it says.
"""

import base64
from collections.abc import Iterator

import numpy as np

from edgevoice.audio import g711
from edgevoice.audio.frames import Samples
from edgevoice.audio.g711 import A_LAW, MU_LAW
from edgevoice.audio.prompt_resampler import PromptResampler
from edgevoice.audio.resample import Resampler
from edgevoice.config import LimitsConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import PCM, AudioFormat
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ

PCM_RATE_HZ = 24_000
MOST_OF_A_MESSAGE = 4_194_304
"""A minute of PCM in base64 are 3.8 MB, and nobody's turn is longer."""
MOST_AT_ONCE = 8_000
"""Samples; for each one some dozens are looked at."""
DELTA_MS = 200
"""Of sound in one event at most; what comes shorter goes out as it comes."""
_LAWS = {"audio/pcmu": MU_LAW, "audio/pcma": A_LAW}


def checked(format: AudioFormat, path: str) -> AudioFormat:
    """As it is told to the client; RemoteProtocolError for what is not spoken."""
    if format.type == PCM.type and format.rate in (None, PCM_RATE_HZ):
        return PCM
    if format.type in _LAWS and format.rate in (None, g711.RATE_HZ):
        return AudioFormat(format.type)
    raise RemoteProtocolError(
        f"{path}: audio/pcm at 24000 Hz, audio/pcmu or audio/pcma is spoken here"
    )


def message_bytes(limits: LimitsConfig) -> int:
    """The longest message of a client that sends sound in events: base64, and what is around."""
    return max(limits.event_bytes, limits.append_bytes * 4 // 3 + 1_024)


def event_bytes(limits: LimitsConfig) -> int:
    """The longest event of such a client that is taken whole: a message that is sound."""
    return min(message_bytes(limits), max(limits.event_bytes, MOST_OF_A_MESSAGE))


def rate_hz(format: AudioFormat) -> int:
    return g711.RATE_HZ if format.type in _LAWS else PCM_RATE_HZ


def decoded(format: AudioFormat, text: str) -> Samples:
    """At the format's own rate. RemoteProtocolError for what is no such sound."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise RemoteProtocolError(f"audio: not base64: {error}") from None
    if format.type in _LAWS:
        return _LAWS[format.type].decode(data)
    if len(data) % 2:
        raise RemoteProtocolError("audio: half a sample; 16-bit samples wanted")
    return np.frombuffer(data, "<i2").astype(np.int16)


class IncomingSound:
    """A stream of appended pieces, as one stream of samples at 16 kHz."""

    def __init__(self) -> None:
        self._format: AudioFormat | None = None
        self._resampler = PromptResampler(PCM_RATE_HZ)

    def push(self, format: AudioFormat, text: str) -> Samples:
        """What is new, but for the last millisecond."""
        samples = decoded(format, text)
        if format != self._format:
            self._format, self._resampler = format, PromptResampler(rate_hz(format))
        blocks = np.split(samples, range(MOST_AT_ONCE, len(samples), MOST_AT_ONCE))
        signal = np.concatenate([self._resampler.push(block) for block in blocks])
        return np.clip(np.rint(signal), -32_768, 32_767).astype(np.int16)


class OutgoingSound:
    """The sound of one message, 24 kHz, as what `response.output_audio.delta` carries."""

    def __init__(self, format: AudioFormat) -> None:
        self._law = _LAWS.get(format.type)
        self._resampler = Resampler(SPEAKING_RATE_HZ, rate_hz(format))
        self._samples = DELTA_MS * rate_hz(format) // 1000

    def push(self, samples: Samples) -> Iterator[str]:
        return self._pieces(self._resampler.push(samples) if self._law else samples)

    def finish(self) -> Iterator[str]:
        """The end of it."""
        return self._pieces(self._resampler.finish()) if self._law else iter(())

    def _pieces(self, samples: Samples) -> Iterator[str]:
        for start in range(0, len(samples), self._samples):
            piece = samples[start : start + self._samples]
            data = self._law.encode(piece) if self._law else piece.astype("<i2").tobytes()
            yield base64.b64encode(data).decode()
