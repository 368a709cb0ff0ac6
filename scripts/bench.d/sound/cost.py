"""Processor time per second of sound of each part, next to the stock way of doing the same.

Process time, taking turns, the best of a few rounds: ratios of one run can be trusted.
"""

import fractions
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from aiortc.codecs import opus as stock
from aiortc.jitterbuffer import JitterFrame

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.config import MediaConfig
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from sound.figures import Figure
from sound.voices import people

ROUNDS = 3
SECONDS = 6.0
PLAYOUT_RATE_HZ = 48_000

T = TypeVar("T")


def ms_per_second(frames: Sequence[T], *works: Callable[[T], object]) -> list[float]:
    """What each costs that does something with every 20 ms, in ms of processor per second."""
    rounds = [[_cpu_s(work, frames) for work in works] for _ in range(ROUNDS)]
    seconds = len(frames) * FRAME_SAMPLES / CAPTURE_RATE_HZ
    return [1000 * min(times) / seconds for times in zip(*rounds, strict=True)]


def _cpu_s(work: Callable[[T], object], frames: Sequence[T]) -> float:
    began = time.process_time()
    for frame in frames:
        work(frame)
    return time.process_time() - began


def framed(sound: Samples) -> list[Samples]:
    count = len(sound) // FRAME_SAMPLES
    return list(sound[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES))


def codec(folder: Path | None) -> Iterator[Figure]:
    frames = framed(people(folder, CAPTURE_RATE_HZ, SECONDS))
    media = MediaConfig()
    ours = OpusEncoder(CAPTURE_RATE_HZ, media.bitrate_bps, media.complexity, media.fec)
    mine, theirs = ms_per_second(frames, ours.encode, stock_encode())
    yield Figure("Opus, sending", mine, " ms", at_most=theirs, stock=theirs, stock_name="aiortc")
    packets = [ours.encode(frame) for frame in frames]
    mine, theirs = ms_per_second(packets, OpusDecoder(PLAYOUT_RATE_HZ).decode, stock_decode())
    yield Figure("Opus, receiving", mine, " ms", at_most=theirs, stock=theirs, stock_name="aiortc")


def stock_encode() -> Callable[[Samples], object]:
    """aiortc's encoder: stereo, 48 kHz, 96 kbit/s, whatever comes in."""
    encoder = stock.OpusEncoder()
    sent = 0

    def encode(frame: Samples) -> object:
        nonlocal sent
        wrapped = av.AudioFrame.from_ndarray(frame[None, :], format="s16", layout="mono")
        wrapped.sample_rate, wrapped.pts = CAPTURE_RATE_HZ, sent
        wrapped.time_base = fractions.Fraction(1, CAPTURE_RATE_HZ)
        sent += len(frame)
        return encoder.encode(wrapped)

    return encode


def stock_decode() -> Callable[[bytes], object]:
    """aiortc's decoder, and its stereo made mono for a loudspeaker."""
    decoder = stock.OpusDecoder()
    timestamp = 0

    def decode(packet: bytes) -> object:
        nonlocal timestamp
        timestamp += 960
        return [_mono(frame) for frame in decoder.decode(JitterFrame(packet, timestamp))]

    return decode


def _mono(frame: object) -> Samples:
    assert isinstance(frame, av.AudioFrame)
    return frame.to_ndarray().reshape(-1, 2).mean(1).astype(np.int16)
