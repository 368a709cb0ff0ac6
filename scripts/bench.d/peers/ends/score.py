"""A wake-word engine of others over one recording: what it scores, and where.

python -m peers.ends.score ENGINE WORD RECORDING MODELS

Runs in the peers' environments and prints JSON: pairs of the second up to which it had
heard and its score then, where that is above 0.01. RECORDING is 16 kHz PCM.
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

CHUNK = 1280
WORTH = 0.01
Score = Callable[[bytes], Iterable[float]]


def pyopen(word: str, models: Path) -> Score:
    from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

    features, network = OpenWakeWordFeatures.from_builtin(), OpenWakeWord.from_builtin(Model(word))

    def score(chunk: bytes) -> Iterable[float]:
        for heard in features.process_streaming(chunk):
            yield from network.process_streaming(heard)

    return score


def pymicro(word: str, models: Path) -> Score:
    from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

    features, network = MicroWakeWordFeatures(), MicroWakeWord.from_builtin(Model(word))
    print(json.dumps({"threshold": network.probability_cutoff}))

    def score(chunk: bytes) -> Iterable[float]:
        for heard in features.process_streaming(chunk):
            yield network.process_streaming_prob(heard) or 0.0

    return score


def openwakeword(word: str, models: Path) -> Score:
    from openwakeword import Model

    model = Model(
        wakeword_models=[str(next(models.glob(f"{word}*.onnx")))],
        inference_framework="onnx",
        melspec_model_path=str(models / "melspectrogram.onnx"),
        embedding_model_path=str(models / "embedding_model.onnx"),
    )
    return lambda chunk: model.predict(np.frombuffer(chunk, "<i2")).values()


def main(engine: str, word: str, recording: str, models: str) -> None:
    score = {"pyopen": pyopen, "pymicro": pymicro, "openwakeword": openwakeword}[engine](
        word, Path(models)
    )
    sound = Path(recording).read_bytes()
    heard = []
    for at in range(0, len(sound) - 2 * CHUNK + 1, 2 * CHUNK):
        highest = max(score(sound[at : at + 2 * CHUNK]), default=0.0)
        if highest > WORTH:
            heard.append(((at // 2 + CHUNK) / 16_000, round(float(highest), 4)))
    print(json.dumps({"scores": heard}))


if __name__ == "__main__":
    main(*sys.argv[1:])
