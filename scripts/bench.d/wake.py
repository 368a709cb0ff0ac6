"""Wake words: processor time against openWakeWord's loop, what is missed, what wakes falsely.

    scripts/bench wake [--speech DIR] [--seconds 60]

Without --speech the recordings of the tests are listened to. A directory may hold
`wake/WORD/*.wav`, `oneshot/WORD_*.wav` and `negative/*.wav`; every word that has a
model is looked for.
"""

import argparse
import re
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from edgevoice.audio import inference, models
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.wake_word import (
    CHUNK_SAMPLES,
    OVERLAP_SAMPLES,
    Detection,
    StreamingScorer,
    WakeWords,
)
from edgevoice.audio.wav import read_wav
from edgevoice.config import WakeWordConfig

CPU_BUDGET = 0.5
RSS_BUDGET_MB = 120
ROUNDS = 5
LEAD_S, TAIL_S = 3.0, 1.0

Score = Callable[[Samples], object]


def quiet(seconds: float) -> Samples:
    count = round(seconds * CAPTURE_RATE_HZ)
    return np.random.default_rng(1).integers(-4, 5, count).astype(np.int16)


def resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reference() -> tuple[str, Score]:
    """openWakeWord's own loop where it is installed; else the same arithmetic, written anew."""
    try:
        import openwakeword
    except ImportError:
        return "the windowed loop of openWakeWord", windowed_loop()
    model = openwakeword.Model(
        wakeword_models=[str(models.find("", "alexa_v0.1.onnx"))],
        inference_framework="onnx",
        melspec_model_path=str(models.find("", "melspectrogram.onnx")),
        embedding_model_path=str(models.find("", "embedding_model.onnx")),
    )
    return "the openwakeword package", model.predict


def windowed_loop() -> Score:
    """All 76 frames through the embedding network every 80 ms, as openWakeWord does."""
    mel = inference.session(models.find("", "melspectrogram.onnx"))
    embed = inference.session(models.find("", "embedding_model.onnx"))
    head = inference.session(models.find("", "alexa_v0.1.onnx"))
    (mel_in, *_), (embed_in, *_), (head_in, *_) = mel.inputs, embed.inputs, head.inputs
    sound = np.zeros(OVERLAP_SAMPLES + CHUNK_SAMPLES, np.float32)
    frames, embeddings = np.ones((76, 32), np.float32), np.zeros((16, 96), np.float32)

    def score(chunk: Samples) -> object:
        nonlocal sound, frames, embeddings
        sound = np.concatenate((sound[CHUNK_SAMPLES:], chunk.astype(np.float32)))
        (new,) = mel.run({mel_in: sound[None]})
        frames = np.concatenate((frames, new.reshape(-1, 32) / 10 + 2))[-76:]
        (embedding,) = embed.run({embed_in: frames[None, :, :, None]})
        embeddings = np.concatenate((embeddings[1:], embedding.reshape(1, 96)))
        return head.run({head_in: embeddings[None]})

    return score


def cpu_per_second(runners: list[Score], seconds: float) -> list[float]:
    """Processor seconds per second of sound, of each; taking turns, the best of a few rounds."""
    count = round(seconds / ROUNDS * CAPTURE_RATE_HZ) // CHUNK_SAMPLES
    chunks = quiet(count * CHUNK_SAMPLES / CAPTURE_RATE_HZ).reshape(-1, CHUNK_SAMPLES)
    rounds = [[cpu_time(score, chunks) for score in runners] for _ in range(ROUNDS)]
    return [min(times) * CAPTURE_RATE_HZ / chunks.size for times in zip(*rounds, strict=True)]


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
    mine, reference_cost = cpu_per_second([ours.push, theirs], seconds)
    ratio = mine / reference_cost
    print(f"processor time per second of sound: {mine * 1000:.1f} ms; {name}: ", end="")
    print(f"{reference_cost * 1000:.1f} ms; ratio {ratio:.2f}, budget {CPU_BUDGET}")
    print(f"memory of a process that only listens: {memory:.0f} MB, budget {RSS_BUDGET_MB} MB")
    return ratio <= CPU_BUDGET and memory <= RSS_BUDGET_MB


def listen(ears: WakeWords, path: Path) -> list[Detection]:
    ears.reset()
    sound = np.concatenate((quiet(LEAD_S), read_wav(path), quiet(TAIL_S)))
    blocks = np.split(sound, range(FRAME_SAMPLES, len(sound), FRAME_SAMPLES))
    return [d for n, block in enumerate(blocks) for d in ears.hear(block, n * FRAME_SAMPLES)]


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


def recordings_of_the_tests() -> dict[str, list[Path]]:
    root = Path(__file__).resolve().parents[2]
    files = [*root.glob("tests/speech/*.wav"), *root.glob("edgevoice/simulator/speech/*.wav")]
    alone = re.compile(r"(alexa_\d+|hey_\w+)$")
    return {
        "wake": [f for f in files if alone.match(f.stem)],
        "oneshot": [f for f in files if re.match(r"alexa_[a-z]", f.stem)],
        "negative": [f for f in files if not f.stem.startswith(("alexa", "hey_"))],
    }


def recordings_in(directory: Path) -> dict[str, list[Path]]:
    kinds = {
        kind: sorted(directory.glob(f"{kind}/**/*.wav")) for kind in ("wake", "oneshot", "negative")
    }
    if not any(kinds.values()):
        sys.exit(
            f"bench wake: {directory} has no wake, oneshot or negative directory with .wav files"
        )
    return kinds


def word_of(path: Path, known: list[str]) -> str | None:
    """The word a recording holds: the beginning of its name, or its directory."""
    for word in known:
        if path.stem.startswith(word) or path.parent.name == word:
            return word
    return None


def measure_hearing(kinds: dict[str, list[Path]]) -> None:
    known = [name.removesuffix("_v0.1.onnx") for name in models.names("", "*_v0.1.onnx")]
    every = [*kinds["wake"], *kinds["oneshot"]]
    wanted = sorted({word for path in every if (word := word_of(path, known))})
    ears = WakeWords("", [WakeWordConfig(word) for word in wanted])
    for kind in ("wake", "oneshot"):
        for word in wanted:
            files = [path for path in kinds[kind] if word_of(path, known) == word]
            if files:
                report_word(ears, word, files, alone=kind == "wake")
    report_negatives(ears, wanted, kinds["negative"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench wake", description=__doc__)
    parser.add_argument("--speech", type=Path, help="a directory of recordings")
    parser.add_argument("--seconds", type=float, default=60.0, help="sound for the cost")
    options = parser.parse_args()
    within = measure_cost(options.seconds)
    measure_hearing(recordings_in(options.speech) if options.speech else recordings_of_the_tests())
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
