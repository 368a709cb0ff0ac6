"""Received sound under loss and jitter, and the codec's work, next to aiortc's own.

    scripts/bench jitter [--speech DIR] [--seconds 60] [--block-ms 10]

The same packets, lost and late in the same way, go through our jitter buffer and
aiortc's `JitterBuffer(16, prefetch=4)`; time is computed, so a minute takes a second
or two. Without --speech the recordings of the simulator are sent; else those in DIR.

heard     sound that was sent and is heard, mended packets (FEC) included
delay     from when a packet would have arrived on an unhindered way to when its sound
          is played, on average, and at the end
silence   longest stretch of an answer, pauses in it included, in which nothing at all is heard
guessed   sound that libopus made up
CPU is the process's own time; the ratio is of one run and holds on slower machines too.
"""

import argparse
import fractions
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from aiortc.codecs.opus import OpusDecoder as StockDecoder
from aiortc.codecs.opus import OpusEncoder as StockEncoder
from aiortc.jitterbuffer import JitterBuffer as StockJitterBuffer
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import read_wav
from edgevoice.config import MediaConfig
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder

HERE = Path(__file__).parents[2]
PACKET_S = 0.02
PLAYED_HZ = 24_000
PAUSE_S = 0.6
ENCODE_BUDGET, DECODE_BUDGET, CODEC_BUDGET = 0.85, 0.5, 0.7
"""Shares of aiortc's time, at the complexity of the default configuration."""

Fate = float | None
"""How late a packet is, in seconds; None: lost."""


@dataclass
class Heard:
    """What came out at the other end."""

    packets: int
    whole: float = 0.0
    """Packets whose sound is heard."""
    delays_ms: list[float] = field(default_factory=list)
    silence_ms: float = 0.0
    guessed_ms: float = 0.0

    def line(self) -> str:
        delay, end = np.mean(self.delays_ms), np.mean(self.delays_ms[-25:])
        return (
            f"heard {100 * self.whole / self.packets:6.2f} %   delay {delay:4.0f} ms"
            f"   at the end {end:4.0f} ms   silence {self.silence_ms:4.0f} ms"
            f"   guessed {self.guessed_ms:5.0f} ms"
        )


@dataclass
class Budget:
    heard: float
    delay_ms: float
    silence_ms: float
    end_ms: float = 80
    """Most of the target, and a packet."""

    def line(self) -> str:
        return (
            f"heard {self.heard:6.2f} %   delay {self.delay_ms:4.0f} ms"
            f"   at the end {self.end_ms:4.0f} ms   silence {self.silence_ms:4.0f} ms"
        )

    def is_met(self, heard: Heard) -> bool:
        return (
            100 * heard.whole / heard.packets >= self.heard
            and float(np.mean(heard.delays_ms)) <= self.delay_ms
            and float(np.mean(heard.delays_ms[-25:])) <= self.end_ms
            and heard.silence_ms <= self.silence_ms
        )


def lossless(count: int) -> list[Fate]:
    return [0.0] * count


def random_loss(share: float) -> Callable[[int], list[Fate]]:
    def fates(count: int) -> list[Fate]:
        chance = random.Random(1)
        return [None if chance.random() < share else 0.0 for _ in range(count)]

    return fates


def single_loss(count: int) -> list[Fate]:
    return [None if n == count // 3 else 0.0 for n in range(count)]


def bursts(count: int) -> list[Fate]:
    """Gilbert's model: 5 % lost, three in a row on average."""
    chance, bad, fates = random.Random(2), False, list[Fate]()
    for _ in range(count):
        bad = chance.random() < (2 / 3 if bad else 0.05 / 0.95 / 3)
        fates.append(None if bad else 0.0)
    return fates


def jitter(count: int) -> list[Fate]:
    chance = random.Random(3)
    return [chance.uniform(0, 0.02) for _ in range(count)]


def spike(count: int) -> list[Fate]:
    """The network stands still for 200 ms, and then delivers everything."""
    first = count // 3
    late = {first + n: 0.2 - n * PACKET_S for n in range(10)}
    return [late.get(n, 0.0) for n in range(count)]


CASES: list[tuple[str, Callable[[int], list[Fate]], Budget]] = [
    ("no loss", lossless, Budget(100, 60, 0)),
    ("one packet lost", single_loss, Budget(100, 60, 0)),
    ("1 % lost", random_loss(0.01), Budget(99.5, 80, 20)),
    ("5 % lost", random_loss(0.05), Budget(99, 80, 20)),
    ("5 % in bursts", bursts, Budget(96, 80, 80)),
    ("20 ms jitter", jitter, Budget(100, 60, 0)),
    ("200 ms spike", spike, Budget(100, 80, 60)),
]
"""In bursts only the last packet can be mended; in pauses nothing is guessed; a spike is bridged
by the wait and 0.1 s of guess."""


def spoken(seconds: float, directory: Path | None) -> Samples:
    """Recordings with pauses, over a floor of hiss, so that exact silence means: nothing came."""
    where = directory or HERE / "edgevoice/simulator/speech"
    files = sorted(where.rglob("*.wav"))[:40]
    if not files:
        sys.exit(f"bench: no .wav files in {where}")
    pieces: list[Samples] = []
    wanted = round(seconds * CAPTURE_RATE_HZ)
    while sum(map(len, pieces)) < wanted:
        pause = np.zeros(round(PAUSE_S * CAPTURE_RATE_HZ), np.int16)
        pieces += [read_wav(files[len(pieces) // 2 % len(files)]), pause]
    sound = np.concatenate(pieces)[:wanted].astype(np.float32)
    sound += np.random.default_rng(1).normal(0, 30, wanted)
    return np.clip(sound, -32768, 32767).astype(np.int16)


def frames(sound: Samples) -> Iterator[Samples]:
    for start in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield sound[start : start + FRAME_SAMPLES]


class NotingDecoder(OpusDecoder):
    """Notes when each packet's sound will be played."""

    def __init__(self, playout: PlayoutBuffer, numbers: dict[int, int]) -> None:
        super().__init__(playout.rate_hz)
        self.now = 0.0
        self.played: dict[int, float] = {}
        self._playout = playout
        self._numbers = numbers

    def decode(self, packet: bytes) -> Samples:
        self.played[self._numbers[id(packet)]] = self.now + self._playout.waiting_ms / 1000
        return super().decode(packet)


def ours(payloads: list[bytes], fates: list[Fate], block_s: float) -> Heard:
    """Event by event: packets, pulls of the card, the buffer's own deadlines."""
    playout = PlayoutBuffer(PLAYED_HZ)
    decoder = NotingDecoder(playout, {id(payload): n for n, payload in enumerate(payloads)})
    media = MediaConfig()
    buffer = JitterBuffer(decoder, playout, Arrivals(media.jitter_min_ms, media.jitter_max_ms))
    coming = arrivals(fates)
    pull_at, end = 0.0137, len(payloads) * PACKET_S
    out, at = list[Samples](), 0
    now = 0.0
    while now < end:
        arrival = coming[at][0] if at < len(coming) else end
        deadline = max(buffer.deadline, now) if buffer.deadline is not None else end
        now = decoder.now = min(arrival, deadline, pull_at)
        if arrival == now and at < len(coming):
            n = coming[at][1]
            buffer.push(1, n % 65536, n * 960, payloads[n], now)
            at += 1
        elif deadline == now:
            buffer.expire(now)
        else:
            out.append(playout.pull(round(block_s * PLAYED_HZ)))
            pull_at += block_s
    numbers = buffer.statistics()
    heard = Heard(len(payloads), len(decoder.played) + numbers.recovered)
    heard.delays_ms = [1000 * (t - n * PACKET_S) for n, t in sorted(decoder.played.items())]
    heard.silence_ms = longest_silence_ms(np.concatenate(out))
    heard.guessed_ms = numbers.concealed_ms
    return heard


def arrivals(fates: list[Fate]) -> list[tuple[float, int]]:
    """When each packet arrives, and its number, in order of arrival."""
    return sorted((n * PACKET_S + late, n) for n, late in enumerate(fates) if late is not None)


def longest_silence_ms(sound: Samples) -> float:
    """Exact zeros, after the first sound; less than 2 ms are a codec's."""
    sound = sound[np.flatnonzero(sound)[0] :]
    edges = np.flatnonzero(np.diff(np.concatenate([[1], sound != 0, [1]])))
    longest = float(max(edges[1::2] - edges[::2], default=0)) * 1000 / PLAYED_HZ
    return longest if longest > 2 else 0.0


def stock(payloads: list[bytes], fates: list[Fate]) -> Heard:
    """What aiortc releases is played at once, or when what was released before is over."""
    buffer = StockJitterBuffer(capacity=16, prefetch=4)
    heard = Heard(len(payloads))
    over = None
    for now, n in arrivals(fates):
        packet = RtpPacket(sequence_number=n % 65536, timestamp=n * 960, payload=payloads[n])
        packet._data = payloads[n]
        _, frame = buffer.add(packet)
        if frame is None:
            continue
        play = now if over is None else max(now, over)
        if over is not None:
            heard.silence_ms = max(heard.silence_ms, 1000 * (play - over))
        over = play + PACKET_S
        heard.whole += 1
        heard.delays_ms.append(1000 * (play - frame.timestamp / 48_000))
    return heard


def cpu(work: Callable[[], object], seconds: float) -> float:
    """Milliseconds of processor time for a second of sound."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start) / seconds


def codecs(sound: Samples) -> bool:
    seconds = len(sound) / CAPTURE_RATE_HZ
    media = MediaConfig()
    encoder = OpusEncoder(CAPTURE_RATE_HZ, media.bitrate_bps, media.complexity, media.fec)
    small: list[bytes] = []
    encoding = cpu(lambda: small.extend(encoder.encode(f) for f in frames(sound)), seconds)
    decoder = OpusDecoder(PLAYED_HZ)
    decoding = cpu(lambda: [decoder.decode(p) for p in small], seconds)
    theirs, large = StockEncoder(), list[bytes]()
    inputs = [microphone_frame(f, n) for n, f in enumerate(frames(sound))]
    stock_encoding = cpu(
        lambda: [large.extend(theirs.encode(frame)[0]) for frame in inputs], seconds
    )
    stock_decoding = cpu(lambda: listen(large), seconds)
    within = [
        report("encode", encoding, stock_encoding, ENCODE_BUDGET),
        report("decode", decoding, stock_decoding, DECODE_BUDGET),
        report("both", encoding + decoding, stock_encoding + stock_decoding, CODEC_BUDGET),
    ]
    print(
        f"{'sent':16} edgevoice {8 * sum(map(len, small)) / seconds / 1000:7.1f} kb/s"
        f"   aiortc {8 * sum(map(len, large)) / seconds / 1000:7.1f} kb/s"
    )
    return all(within)


def microphone_frame(samples: Samples, number: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
    frame.sample_rate, frame.pts = CAPTURE_RATE_HZ, number * FRAME_SAMPLES
    frame.time_base = fractions.Fraction(1, CAPTURE_RATE_HZ)
    return frame


def listen(payloads: list[bytes]) -> None:
    """As a program does that plays at 24 kHz: aiortc's decoder, then the way back from stereo."""
    decoder = StockDecoder()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=PLAYED_HZ)
    for n, payload in enumerate(payloads):
        for frame in decoder.decode(JitterFrame(payload, n * 960)):
            for small in resampler.resample(frame):
                small.to_ndarray()


def report(what: str, mine: float, theirs: float, budget: float) -> bool:
    within = mine <= budget * theirs
    print(
        f"{what:16} edgevoice {mine:6.2f} ms/s   aiortc {theirs:6.2f} ms/s"
        f"   ratio {mine / theirs:5.2f}   (budget {budget:.2f})"
        f" {'ok' if within else 'OVER'}"
    )
    return within


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench jitter")
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--block-ms", type=int, default=10)
    options = parser.parse_args()
    sound = spoken(options.seconds, options.speech)
    encoder = OpusEncoder(CAPTURE_RATE_HZ)
    payloads = [encoder.encode(frame) for frame in frames(sound)]
    within = True
    for name, fates_for, budget in CASES:
        fates = fates_for(len(payloads))
        mine = ours(payloads, fates, options.block_ms / 1000)
        met = budget.is_met(mine)
        within = within and met
        print(f"{name:16} edgevoice {mine.line()}  {'ok' if met else 'OVER'}")
        print(f"{'':16} budget    {budget.line()}")
        print(f"{'':16} aiortc    {stock(payloads, fates).line()}")
    return 0 if codecs(sound) and within else 1


if __name__ == "__main__":
    sys.exit(main())
