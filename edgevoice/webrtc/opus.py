"""Opus through ctypes, on the libopus that PyAV's wheel brings along.

libavcodec's wrapper offers neither loss concealment nor recovery from in-band
FEC, and aiortc's encoder is fixed at 96 kb/s stereo, so we call libopus itself.
Nothing of RTP here; which packets are missing is `reorder.py`'s business.
"""

import ctypes
import ctypes.util
import importlib.util
import weakref
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import FRAME_MS, Samples
from edgevoice.errors import AudioError, LocalProtocolError, RemoteProtocolError
from edgevoice.webrtc.fmtp import RATES_HZ, Wishes

MAX_PACKET_MS = 120
MAX_PAYLOAD_BYTES = 1275

# opus_defines.h
OK = 0
APPLICATION_VOIP = 2048
SIGNAL_VOICE = 3001
SET_BITRATE = 4002
SET_MAX_BANDWIDTH = 4004
SET_VBR = 4006
SET_COMPLEXITY = 4010
SET_INBAND_FEC = 4012
SET_PACKET_LOSS_PERC = 4014
SET_DTX = 4016
SET_SIGNAL = 4024
GET_LOOKAHEAD = 4027

BANDWIDTHS = {8_000: 1101, 12_000: 1102, 16_000: 1103, 24_000: 1104, 48_000: 1105}
"""By the rate that can carry them."""

EXPECTED_LOSS_PERCENT = 5
"""Without an expected loss libopus puts no FEC into its packets."""


def candidates() -> Iterator[str]:
    """Where libopus may be: beside PyAV, then wherever the system keeps it."""
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        beside = Path(spec.origin).parent.parent / "av.libs"
        yield from map(str, sorted(beside.glob("libopus-*.so*")))
    yield ctypes.util.find_library("opus") or "libopus.so.0"


def load(names: Iterator[str]) -> ctypes.CDLL:
    """The first of these that loads, with its signatures declared."""
    for name in names:
        try:
            return declare(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise AudioError("libopus not found: install PyAV from its wheel, or `apt install libopus0`")


def declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Argument types, so that ctypes refuses what libopus would crash on."""
    pointer, integer, octets = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    status = ctypes.POINTER(integer)
    library.opus_encoder_create.argtypes = [ctypes.c_int32, integer, integer, status]
    library.opus_encoder_create.restype = pointer
    library.opus_encoder_destroy.argtypes = [pointer]
    library.opus_encode.argtypes = [pointer, pointer, integer, pointer, ctypes.c_int32]
    library.opus_decoder_create.argtypes = [ctypes.c_int32, integer, status]
    library.opus_decoder_create.restype = pointer
    library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_decode.argtypes = [pointer, octets, ctypes.c_int32, pointer, integer, integer]
    library.opus_strerror.argtypes = [integer]
    library.opus_strerror.restype = octets
    return library


@cache
def libopus() -> ctypes.CDLL:
    """The library, loaded once. Raises AudioError with the remedy."""
    return load(candidates())


def reason(code: int) -> str:
    text = libopus().opus_strerror(code)
    return text.decode() if isinstance(text, bytes) else str(code)


def refuse_rate(rate_hz: int) -> None:
    if rate_hz not in RATES_HZ:
        raise LocalProtocolError(f"Opus knows no rate of {rate_hz} Hz, only {RATES_HZ}")


class OpusEncoder:
    """Mono voice, 20 ms a packet, variable bit rate, in-band FEC, DTX if asked for."""

    def __init__(
        self,
        rate_hz: int,
        bitrate_bps: int = 24_000,
        complexity: int = 5,
        fec: bool = True,
        dtx: bool = False,
    ) -> None:
        refuse_rate(rate_hz)
        self.rate_hz = rate_hz
        self.bitrate_bps = bitrate_bps
        self.fec = fec
        self.dtx = dtx
        self.frame_samples = rate_hz * FRAME_MS // 1000
        self._payload = ctypes.create_string_buffer(MAX_PAYLOAD_BYTES)
        self._library = libopus()
        error = ctypes.c_int(OK)
        handle = self._library.opus_encoder_create(
            rate_hz, 1, APPLICATION_VOIP, ctypes.byref(error)
        )
        if error.value != OK:
            raise AudioError(f"libopus made no encoder ({reason(error.value)}): restart edgevoice")
        self._handle = ctypes.c_void_p(handle)
        weakref.finalize(self, self._library.opus_encoder_destroy, self._handle)
        self._set(SET_VBR, 1)
        self._set(SET_SIGNAL, SIGNAL_VOICE)
        self._set(SET_COMPLEXITY, complexity)
        self.heed(Wishes(fec, dtx))

    def heed(self, wishes: Wishes) -> None:
        """Send what the other side can use: never more than was asked for here."""
        self.bitrate_bps = min(self.bitrate_bps, wishes.bitrate_bps)
        self.fec = self.fec and wishes.fec
        self.dtx = self.dtx and wishes.dtx
        self._set(SET_BITRATE, self.bitrate_bps)
        self._set(SET_INBAND_FEC, int(self.fec))
        self._set(SET_PACKET_LOSS_PERC, EXPECTED_LOSS_PERCENT if self.fec else 0)
        self._set(SET_DTX, int(self.dtx))
        playable = [rate for rate in RATES_HZ if rate <= max(wishes.rate_hz, RATES_HZ[0])]
        self._set(SET_MAX_BANDWIDTH, BANDWIDTHS[playable[-1]])

    def _set(self, request: int, value: int) -> None:
        code = self._library.opus_encoder_ctl(self._handle, request, ctypes.c_int(value))
        if code != OK:
            raise LocalProtocolError(f"libopus refused setting {request} to {value}")

    @property
    def lookahead(self) -> int:
        """By how many samples decoded sound comes later than it went in."""
        value = ctypes.c_int(0)
        self._library.opus_encoder_ctl(self._handle, GET_LOOKAHEAD, ctypes.byref(value))
        return value.value

    def encode(self, frame: Samples) -> bytes:
        if frame.dtype != np.int16 or frame.shape != (self.frame_samples,):
            raise LocalProtocolError(
                f"Opus wants {self.frame_samples} int16 samples, got {frame.shape} {frame.dtype}"
            )
        frame = np.ascontiguousarray(frame)
        size = self._library.opus_encode(
            self._handle, frame.ctypes.data, len(frame), self._payload, MAX_PAYLOAD_BYTES
        )
        if size < 0:
            raise LocalProtocolError(f"Opus could not encode: {reason(size)}")
        return self._payload.raw[:size]


class OpusDecoder:
    """Any Opus packet as mono samples at `rate_hz`."""

    def __init__(self, rate_hz: int) -> None:
        refuse_rate(rate_hz)
        self.rate_hz = rate_hz
        self.frame_samples = rate_hz * FRAME_MS // 1000
        self._pcm = np.zeros(rate_hz * MAX_PACKET_MS // 1000, np.int16)
        self._library = libopus()
        error = ctypes.c_int(OK)
        handle = self._library.opus_decoder_create(rate_hz, 1, ctypes.byref(error))
        if error.value != OK:
            raise AudioError(f"libopus made no decoder ({reason(error.value)}): restart edgevoice")
        self._handle = ctypes.c_void_p(handle)
        weakref.finalize(self, self._library.opus_decoder_destroy, self._handle)

    def decode(self, packet: bytes) -> Samples:
        if not packet:
            raise RemoteProtocolError("empty Opus packet")
        return self._decode(packet, len(self._pcm), fec=False)

    def conceal(self, samples: int) -> Samples:
        parts = [self._decode(None, n, fec=False) for n in self._pieces(samples)]
        return np.concatenate(parts)

    def recover(self, next_packet: bytes, samples: int) -> Samples:
        if not next_packet:
            raise RemoteProtocolError("empty Opus packet")
        if samples > len(self._pcm) or samples % (self.rate_hz // 400):
            return self.conceal(samples)
        return self._decode(next_packet, samples, fec=True)

    def _pieces(self, samples: int) -> Iterator[int]:
        """libopus conceals at most one packet's length, in steps of 2.5 ms."""
        step = self.rate_hz // 400
        if samples <= 0 or samples % step:
            raise LocalProtocolError(f"Opus conceals multiples of {step} samples, not {samples}")
        while samples > 0:
            piece = min(samples, self.frame_samples)
            yield piece
            samples -= piece

    def _decode(self, packet: bytes | None, room: int, *, fec: bool) -> Samples:
        size = self._library.opus_decode(
            self._handle, packet, len(packet or b""), self._pcm.ctypes.data, room, int(fec)
        )
        if size < 0:
            raise RemoteProtocolError(f"damaged Opus packet: {reason(size)}")
        return self._pcm[:size].copy()
