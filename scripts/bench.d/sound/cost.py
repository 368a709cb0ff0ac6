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
import pywebrtc_audio
import wake
from aiortc.codecs import opus as stock
from aiortc.jitterbuffer import JitterFrame

from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.linear_canceller import LinearCanceller
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config, EchoConfig, MediaConfig, WakeConfig
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from sound.figures import Figure
from sound.hearing import Hearing
from sound.voices import ANSWER_DBFS, at_dbfs, people

ROUNDS = 3
SECONDS = 8.0
"""A whole number of frames, and of the wake word's chunks."""

STREAMING_PART, QUIET_PART = 0.25, 0.1
"""Of what openWakeWord's own loop costs: always scoring, and behind the gate of a quiet room."""
CANCELLERS_PART, RESTING_PART = 4.0, 0.2
"""Of what AEC3 costs, which is the smaller half of the two."""

PLAYOUT_RATE_HZ = 48_000

T = TypeVar("T")


def ms_per_second(pieces: Sequence[T], *works: Callable[[T], object]) -> list[float]:
    """What each costs that does something with every piece of `SECONDS` of sound."""
    rounds = [[_cpu_s(work, pieces) for work in works] for _ in range(ROUNDS)]
    return [1000 * min(times) / SECONDS for times in zip(*rounds, strict=True)]


def _cpu_s(work: Callable[[T], object], pieces: Sequence[T]) -> float:
    began = time.process_time()
    for piece in pieces:
        work(piece)
    return time.process_time() - began


def framed(sound: Samples) -> list[Samples]:
    return np.split(sound, range(FRAME_SAMPLES, len(sound), FRAME_SAMPLES))


def chunked(sound: Samples) -> list[Samples]:
    return np.split(sound, range(CHUNK_SAMPLES, len(sound), CHUNK_SAMPLES))


def wake_words(folder: Path | None) -> Iterator[Figure]:
    """Chunks of 80 ms through the models, without what else the device's ears do."""
    name, theirs = wake.reference()
    always = WakeWords("", WakeConfig(quiet_gate=False))
    resting = WakeWords("", WakeConfig())
    speaking = people(folder, CAPTURE_RATE_HZ, SECONDS)
    costs = ms_per_second(chunked(speaking), in_order(always), in_order(resting), theirs)
    mine, gated, reference = costs
    yield Figure(
        "wake word, somebody speaks, always scoring",
        mine,
        " ms",
        at_most=reference * STREAMING_PART,
        stock=reference,
        stock_name=name,
    )
    yield Figure("wake word, somebody speaks, behind its gate", gated, " ms")
    mine, gated, reference = ms_per_second(
        chunked(quiet(SECONDS)), in_order(always), in_order(resting), theirs
    )
    yield Figure("wake word, quiet room, always scoring", mine, " ms")
    yield Figure(
        "wake word, quiet room, behind its gate",
        gated,
        " ms",
        at_most=reference * QUIET_PART,
        stock=reference,
        stock_name=name,
    )


def canceller(folder: Path | None) -> Iterator[Figure]:
    """While the device speaks to nobody, and while it does not speak."""
    far = at_dbfs(people(folder, CAPTURE_RATE_HZ, SECONDS), ANSWER_DBFS)
    near = np.roll(far // 2, CAPTURE_RATE_HZ // 20)
    pairs = list(zip(framed(near), framed(far), strict=True))
    alone = LinearCanceller()
    both = make_canceller(EchoConfig())
    aec3 = pywebrtc_audio.AudioProcessor(sample_rate=CAPTURE_RATE_HZ, echo_cancellation=True)
    linear, all_of_it, theirs = ms_per_second(
        pairs,
        lambda pair: alone.process(*pair),
        lambda pair: both.process(*pair),
        lambda pair: aec3.process(*pair),
    )
    yield Figure("linear canceller, while something is played", linear, " ms")
    yield Figure(
        "both cancellers, while something is played",
        all_of_it,
        " ms",
        at_most=theirs * CANCELLERS_PART,
        stock=theirs,
        stock_name="AEC3",
    )
    silent = [(frame, np.zeros(FRAME_SAMPLES, np.int16)) for frame in framed(near)]
    at_rest, theirs = ms_per_second(
        silent, lambda pair: both.process(*pair), lambda pair: aec3.process(*pair)
    )
    yield Figure(
        "both cancellers, while nothing is played",
        at_rest,
        " ms",
        at_most=theirs * RESTING_PART,
        stock=theirs,
        stock_name="AEC3",
    )


def ears(folder: Path | None) -> Iterator[Figure]:
    """All that happens to a captured frame: canceller, VAD, endpointing, wake word."""
    name, theirs = wake.reference()
    (reference,) = ms_per_second(chunked(quiet(SECONDS)), theirs)
    for what, sound, part in (
        ("in a quiet room", quiet(SECONDS), QUIET_PART),
        ("while somebody speaks", people(folder, CAPTURE_RATE_HZ, SECONDS), None),
    ):
        hearing = Hearing(Config(), PLAYOUT_RATE_HZ, lambda happened: None)
        (mine,) = ms_per_second(framed(sound), as_captured(hearing))
        budget = None if part is None else reference * part
        yield Figure(
            f"the whole ears {what}", mine, " ms", budget, stock=reference, stock_name=name
        )


def as_captured(hearing: Hearing) -> Callable[[Samples], object]:
    """On time, and nothing is played."""
    end = 0

    def hear(frame: Samples) -> object:
        nonlocal end
        end += len(frame)
        return hearing.hear(frame, end / CAPTURE_RATE_HZ)

    return hear


def in_order(words: WakeWords) -> Callable[[Samples], object]:
    """Its sample clock goes on from call to call."""
    first = 0

    def hear(chunk: Samples) -> object:
        nonlocal first
        first += len(chunk)
        return words.hear(chunk, first - len(chunk))

    return hear


def quiet(seconds: float) -> Samples:
    """A room at night: the converter's lowest bits and a little noise."""
    random = np.random.default_rng(1)
    return random.normal(0, 6, round(seconds * CAPTURE_RATE_HZ)).round().astype(np.int16)


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
