"""Where to cut behind the wake phrase: what is left of the next words, three ways.

    scripts/bench phrase [--speech DIR]

Wake phrases of many people are joined to commands with little or no gap, as people
speak to a machine that they know. Each is recognised three times: cut where the
wake word fired, cut where the phrase is estimated to end, and sent whole with the
phrase taken off the transcript. DIR/manifest.csv names the recordings; without
--speech those of the tests are used, which are few.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from speech import BY_HAND, HERE, plain

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.vad import SileroVad
from edgevoice.audio.wake_word import Detection, WakeWords
from edgevoice.audio.wav import read_wav
from edgevoice.config import WakeConfig
from edgevoice.relay.engines.local.recognizer import Recognizer
from edgevoice.relay.engines.local.wake_phrase import distance, without_wake_phrase

WAKE = "alexa"
GAPS_S = (0.0, 0.1, 0.3)
MOST_PHRASES = 24
LEAD = np.zeros(2 * CAPTURE_RATE_HZ, np.int16)
TAIL = np.zeros(CAPTURE_RATE_HZ // 2, np.int16)


def recordings(folder: Path | None) -> tuple[list[Path], dict[Path, str]]:
    """Wake phrases alone, and commands with what is said in them."""
    if folder is None:
        commands = {
            path: BY_HAND[path.stem]
            for place in ("tests/speech", "edgevoice/simulator/speech")
            for path in sorted((HERE / place).glob("*.wav"))
            if path.stem in BY_HAND
        }
        return sorted((HERE / "tests/speech").glob("alexa_[0-9]*.wav")), commands
    phrases, commands = [], {}
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["kind"] == f"wake:{WAKE}":
                phrases.append(folder / row["file"])
            elif row["kind"] == "command":
                commands[folder / row["file"]] = row["text"]
    return phrases, commands


def trimmed(path: Path, vad: SileroVad) -> Samples:
    """From the first speech to the last."""
    samples = read_wav(path)
    vad.reset()
    frames = range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    loud = [at for at in frames if vad.probability(samples[at : at + FRAME_SAMPLES]) >= 0.5]
    return samples[loud[0] : loud[-1] + FRAME_SAMPLES] if loud else samples[:0]


def detect(ears: WakeWords, samples: Samples, first: int) -> Detection | None:
    for at in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        for detection in ears.hear(samples[at : at + FRAME_SAMPLES], first + at):
            return detection
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, metavar="DIR")
    folder = parser.parse_args().speech
    vad, recognizer = SileroVad(), Recognizer()
    ears = WakeWords("", WakeConfig())
    phrases, commands = recordings(folder)
    phrases = phrases[:: max(1, len(phrases) // MOST_PHRASES)]
    print(f"{len(phrases)} people say {WAKE}, and {len(commands)} commands follow")
    print(f"{'gap':>6}{'heard':>8}{'cut at detection':>18}{'cut at its end':>16}{'sent whole':>12}")
    first = 0
    for gap_s in GAPS_S:
        gap = np.zeros(round(gap_s * CAPTURE_RATE_HZ), np.int16)
        heard, words, errors = 0, 0, [0, 0, 0]
        for phrase in phrases:
            for path, text in commands.items():
                scene = np.concatenate((LEAD, trimmed(phrase, vad), gap, trimmed(path, vad), TAIL))
                ears.reset()
                found = detect(ears, scene, first)
                begin, first = first, first + len(scene)
                if found is None:
                    continue
                heard += 1
                words += len(plain(text))
                starts = (found.detected_at, found.phrase_end, found.phrase_start)
                for way, start in enumerate(starts):
                    said = recognizer.dictation().transcribe(scene[start - begin :], lambda: False)
                    if way == 2:
                        said = without_wake_phrase(said, WAKE)
                    errors[way] += distance(plain(said), plain(text))
        shares = [f"{100 * e / max(1, words):.1f} %" for e in errors]
        print(f"{gap_s:>5.1f}s{heard:>8}{shares[0]:>18}{shares[1]:>16}{shares[2]:>12}")
    print("word errors of the command; lower is better")
    return 0


if __name__ == "__main__":
    sys.exit(main())
