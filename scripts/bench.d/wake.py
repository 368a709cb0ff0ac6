"""Wake words: processor time against openWakeWord's loop, what is missed, what wakes falsely.

    scripts/bench wake [--speech DIR] [--word alexa] [--seconds 60] [--full]

Without --speech the recordings of the tests are listened to. A directory may hold
`wake/WORD/*.wav`, `oneshot/WORD_*.wav`, `negative/*.wav`, `barista/*.wav` (speech without
wake words) and `noise/*.wav` (a kitchen); every word that has a model is looked for.

The package next to which the cost is measured is fetched once, if there is a package index.
"""

import argparse
import re
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from hearing.reference import reference
from hearing.rooms import Recordings, Room, recordings, scene
from hearing.wake_quality import THRESHOLDS, Traced, detections, recall, trace, word_of

from edgevoice.audio import models
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.open_wake_word import StreamingScorer
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_models import INSTALLED
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.audio.wav import read_wav
from edgevoice.config import WakeConfig, WakeWordConfig

STREAMING_BUDGET = 0.25
QUIET_BUDGET = 0.10
"""Parts of what the openwakeword package's loop costs."""

RSS_BUDGET_MB = 120
ROOMS = (Room(), Room("kitchen", 10), Room("kitchen", 5), Room("babble", 10))
PAUSE_S = 4.0

CONFIRMED_FROM = 0.1
"""openWakeWord's threshold where another engine has the last word."""
ROUNDS = 11
LEAD_S, TAIL_S = 3.0, 1.0

Score = Callable[[Samples], object]


def quiet(seconds: float) -> Samples:
    count = round(seconds * CAPTURE_RATE_HZ)
    return np.random.default_rng(1).integers(-4, 5, count).astype(np.int16)


def resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cpu_per_second(runners: list[Score], seconds: float) -> list[float]:
    """Processor seconds per second of sound, of each: the median of rounds taken in turns."""
    count = round(seconds / ROUNDS * CAPTURE_RATE_HZ) // CHUNK_SAMPLES
    chunks = quiet(count * CHUNK_SAMPLES / CAPTURE_RATE_HZ).reshape(-1, CHUNK_SAMPLES)
    rounds = [[cpu_time(score, chunks) for score in runners] for _ in range(ROUNDS)]
    return [
        statistics.median(times) * CAPTURE_RATE_HZ / chunks.size
        for times in zip(*rounds, strict=True)
    ]


def cpu_time(score: Score, chunks: Iterable[Samples]) -> float:
    began = time.process_time()
    for chunk in chunks:
        score(chunk)
    return time.process_time() - began


def measure_cost(seconds: float) -> bool:
    ours = StreamingScorer("", {"alexa": models.find("", "alexa_v0.1.onnx")})
    ours.push(quiet(0.08))
    memory = resident_mb()
    name, theirs = reference()
    gated = in_order(WakeWords("", WakeConfig()))
    always, resting, reference_cost = cpu_per_second([ours.push, gated, theirs], seconds)
    print(f"processor time per second of sound: {name} {reference_cost * 1000:.1f} ms")
    held = True
    for what, cost, budget in (
        ("always scoring", always, STREAMING_BUDGET),
        ("behind the gate of a quiet room", resting, QUIET_BUDGET),
    ):
        ratio = cost / reference_cost
        held = held and ratio <= budget
        print(f"  {what}: {cost * 1000:.2f} ms, {ratio:.3f} of it; budget {budget}", end="")
        print("" if ratio <= budget else ": MISSED")
    print(f"memory of a process that only listens: {memory:.0f} MB, budget {RSS_BUDGET_MB} MB")
    return held and memory <= RSS_BUDGET_MB


def in_order(ears: WakeWords) -> Score:
    """Its sample clock goes on from call to call."""
    first = 0

    def hear(chunk: Samples) -> object:
        nonlocal first
        first += len(chunk)
        return ears.hear(chunk, first - len(chunk))

    return hear


def listen(ears: WakeWords, path: Path) -> list[Detection]:
    return [d for _, found, _ in follow(ears, path) for d in found]


def follow(ears: WakeWords, path: Path) -> Iterator[tuple[int, list[Detection], bool]]:
    """After each frame: the next sample, what was detected, and whether something was hinted."""
    ears.reset()
    sound = np.concatenate((quiet(LEAD_S), read_wav(path), quiet(TAIL_S)))
    for end in range(FRAME_SAMPLES, len(sound) + 1, FRAME_SAMPLES):
        yield end, ears.hear(sound[end - FRAME_SAMPLES : end], end - FRAME_SAMPLES), ears.hinted()


def report_hints(ears: WakeWords, wanted: list[Path], others: list[Path]) -> None:
    """What `link.speculative_connect` gains, and how often it connects for nothing."""
    leads, hours = [], sum(len(read_wav(path)) for path in others) / CAPTURE_RATE_HZ / 3600
    for path in wanted:
        hint: int | None = None
        for end, found, hinted in follow(ears, path):
            hint = end if hint is None and hinted else hint
            if found:
                leads.append((end - (end if hint is None else hint)) / CAPTURE_RATE_HZ)
                break
    hints = sum(hinted for path in others for _, _, hinted in follow(ears, path))
    print(f"hinted before it is decided: median {statistics.median(leads):.2f} s,", end=" ")
    print(f"90 % {sorted(leads)[len(leads) * 9 // 10]:.2f} s;", end=" ")
    print(f"in {hours * 60:.1f} min of other speech {hints} times")


def speech_end(path: Path) -> int:
    """Where the sound ends, by energy: the last 10 ms within 25 dB of the loudest."""
    sound = read_wav(path).astype(np.float64)
    power = np.convolve(
        (sound[: len(sound) // 160 * 160].reshape(-1, 160) ** 2).mean(1), np.ones(3)
    )
    return int(np.flatnonzero(power > np.percentile(power, 98) / 10**2.5)[-1]) * 160


def report_word(ears: WakeWords, word: str, files: list[Path], alone: bool) -> None:
    heard = {path: [d for d in listen(ears, path) if d.name == word] for path in files}
    missed = [path.name for path, detections in heard.items() if not detections]
    kind = "alone" if alone else "with a command behind it"
    print(f"{word} {kind}: {len(files) - len(missed)} of {len(files)} heard", end="")
    print(f"; missed: {', '.join(sorted(missed))}" if missed else "")
    if alone and len(missed) < len(files):
        lead = round(LEAD_S * CAPTURE_RATE_HZ)
        late = [
            (found[0].phrase_end - lead - speech_end(path)) / CAPTURE_RATE_HZ
            for path, found in heard.items()
            if found
        ]
        print(f"  phrase_end against the end of sound: median {statistics.median(late):+.2f} s,")
        print(f"  from {min(late):+.2f} to {max(late):+.2f} s (above 0: past the phrase)")


def report_negatives(ears: WakeWords, words: list[str], files: list[Path]) -> None:
    hours = sum(len(read_wav(path)) for path in files) / CAPTURE_RATE_HZ / 3600
    print(f"false accepts in {len(files)} recordings, {hours * 60:.1f} min:")
    woken = [(d.name, kind_of(path)) for path in files for d in listen(ears, path)]
    for word in words:
        by_kind = Counter(kind for name, kind in woken if name == word)
        kinds = ", ".join(f"{count} in {kind}" for kind, count in by_kind.items())
        print(f"  {word}: {by_kind.total()}{f' ({kinds})' if kinds else ''}")


def kind_of(path: Path) -> str:
    """What is said in `smart_mirror_0671….wav`, without the number."""
    return re.sub(r"_[0-9a-f]{8}-.*", "", path.stem)


def measure_hearing(files: Recordings) -> None:
    """As it is shipped: one recording after the other, in silence."""
    known = [name.removesuffix(INSTALLED) for name in models.names("", f"*{INSTALLED}")]
    wanted = sorted({w for path in [*files.wake, *files.oneshot] if (w := word_of(path, known))})
    ears = WakeWords("", WakeConfig(tuple(WakeWordConfig(word) for word in wanted)))
    for kind, paths in (("wake", files.wake), ("oneshot", files.oneshot)):
        for word in wanted:
            if mine := [path for path in paths if word_of(path, known) == word]:
                report_word(ears, word, mine, alone=kind == "wake")
    report_negatives(ears, wanted, files.negative)
    report_hints(ears, files.wake, files.all_speech)


def measure_quality(files: Recordings, word: str) -> bool:
    """One word by threshold, room and engine; whether the gate loses nothing."""
    mine = [path for path in [*files.wake, *files.oneshot] if word_of(path, [word])]
    print(f"{word}: {len(mine)} recordings; ", end="")
    print("per cent heard, and in brackets false accepts per hour, by threshold")
    print(f"{'':38}" + "".join(f"{threshold:>12}" for threshold in THRESHOLDS))
    same = True
    for room in ROOMS:
        same = Table(word, room, mine, files).show() and same
    print("behind the gate the same is heard" if same else "behind the gate: MISSED, not the same")
    return same


class Table:
    """A word in a room: said by its speakers, and among everything else that is said."""

    def __init__(self, word: str, room: Room, mine: list[Path], files: Recordings) -> None:
        others = files.all_speech
        self.word = WakeWordConfig(word)
        self.room = room
        self.wanted, self.said = scene(mine, room, files.kitchen, PAUSE_S, others)
        self.unwanted, _ = scene(others, room, files.kitchen, 1.0, others)
        self.hours = len(self.unwanted) / CAPTURE_RATE_HZ / 3600

    def show(self) -> bool:
        by_threshold = [replace(self.word, threshold=threshold) for threshold in THRESHOLDS]
        small = replace(self.word, engine="microwakeword")
        confirmed = replace(self.word, threshold=CONFIRMED_FROM, confirm="microwakeword")
        always, gated = self.traced(self.word, gate=False), self.traced(self.word, gate=True)
        second = self.traced(small, gate=True)
        without = self.row("always scoring", by_threshold, always)
        behind = self.row("behind the gate", by_threshold, gated)
        self.row("microWakeWord", [replace(one, engine="microwakeword") for one in by_threshold],
                 second)  # fmt: skip
        self.row(f"both, from {CONFIRMED_FROM}", [confirmed], gated, second)
        return without == behind

    def traced(self, word: WakeWordConfig, gate: bool) -> list[Traced]:
        return [trace(sound, [word], gate) for sound in (self.wanted, self.unwanted)]

    def row(
        self,
        what: str,
        words: list[WakeWordConfig],
        first: list[Traced],
        second: list[Traced] | None = None,
    ) -> list[object]:
        """Print what each of the configurations hears, and give it back."""
        more = [one.scores for one in second] if second else [{}, {}]
        print(f"  {self.room!s:<14}{what:<22}", end="")
        results: list[object] = []
        for word in words:
            heard = recall(self.said, word, first[0].scores, more[0])
            false = detections(word, first[1].scores, more[1])
            results.append((heard, false))
            cell = f"{100 * len(heard) / len(self.said):.1f} ({len(false) / self.hours:.1f})"
            print(f"{cell:>12}", end="")
        rested = f"  rested {100 * first[0].rested:.0f} %" if first[0].rested else ""
        print(rested, flush=True)
        return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench wake", description=__doc__)
    parser.add_argument("--speech", type=Path, help="a directory of recordings")
    parser.add_argument("--seconds", type=float, default=60.0, help="sound for the cost")
    parser.add_argument("--word", default="alexa", help="whose table is made")
    parser.add_argument("--full", action="store_true", help="all orders as other speech")
    options = parser.parse_args()
    files = recordings(options.speech)
    if not options.full:
        files = replace(files, orders=files.orders[::2])
    held = measure_cost(options.seconds)
    measure_hearing(files)
    return 0 if measure_quality(files, options.word) and held else 1


if __name__ == "__main__":
    sys.exit(main())
