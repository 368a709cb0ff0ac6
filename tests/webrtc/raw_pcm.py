"""A codec that changes nothing, so that tests can compare sample by sample."""

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import Wishes

CONCEALED = -12_345
RECOVERED = -23_456


class RawPcm:
    def __init__(self, rate_hz: int = CAPTURE_RATE_HZ) -> None:
        self.rate_hz = rate_hz

    def encode(self, frame: Samples) -> bytes:
        return frame.tobytes()

    def heed(self, wishes: Wishes) -> None:
        pass

    def decode(self, packet: bytes) -> Samples:
        if len(packet) % 2:
            raise RemoteProtocolError("half a sample")
        return np.frombuffer(packet, np.int16)

    def conceal(self, samples: int) -> Samples:
        return np.full(samples, CONCEALED, np.int16)

    def recover(self, next_packet: bytes, samples: int) -> Samples:
        return np.full(samples, RECOVERED, np.int16)


def raw(rate_hz: int) -> Codec:
    return Codec(lambda: RawPcm(rate_hz), lambda: RawPcm(rate_hz))


def ramp(start: int, stop: int) -> Samples:
    """Sample n is n, as far as 16 bits allow, but never what concealment gives."""
    return (np.arange(start, stop) % 30_011).astype(np.int16)
