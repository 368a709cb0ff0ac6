"""What the ears make of a recorded turn: wake scores, and when somebody spoke."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.vad import make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.audio.wav import read_wav
from edgevoice.config import Config
from edgevoice.errors import FlightRecordError


def hear(folder: Path, config: Config) -> dict[str, Any]:
    """The recorded sound through the models of this configuration."""
    first, samples = sound(folder)
    words = WakeWords(config.wake.models_dir, config.wake)
    vad = make_vad(config.vad, config.wake.models_dir)
    ends = Endpointer(config.vad.start_s, config.vad.stop_s, config.vad.threshold)
    best: dict[str, tuple[float, int]] = {}
    wakes: list[dict[str, Any]] = []
    speech: list[dict[str, Any]] = []
    for index, frame in frames(samples, first):
        for woken in words.hear(frame, index):
            at_s = seconds(woken.detected_at, first)
            wakes.append({"word": woken.name, "score": round(woken.score, 3), "at_s": at_s})
        for name, score in words.scores.items():
            if score > best.get(name, (0.0, 0))[0]:
                best[name] = score, index
        match ends.hear(vad.probability(frame), index):
            case SpeechStart(sample):
                speech.append({"from_s": seconds(sample, first), "to_s": None})
            case SpeechEnd(sample) if speech:
                speech[-1]["to_s"] = seconds(sample, first)
    highest = {
        name: {"score": round(score, 3), "at_s": seconds(index, first)}
        for name, (score, index) in best.items()
    }
    return {"seconds": seconds(len(samples), 0), "best": highest, "wakes": wakes, "speech": speech}


def sound(folder: Path) -> tuple[int, Samples]:
    """The index of the first sample, and all of them."""
    try:
        about = json.loads((folder / "turn.json").read_text(encoding="utf-8"))
        first = int(about["first_sample"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FlightRecordError(f"{folder} holds no recorded turn: {error}") from error
    return first, read_wav(folder / "heard.wav")


def frames(samples: Samples, first: int) -> Iterator[tuple[int, Samples]]:
    for start in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield first + start, samples[start : start + FRAME_SAMPLES]


def seconds(sample: int, first: int) -> float:
    return round((sample - first) / CAPTURE_RATE_HZ, 2)


def told(heard: Mapping[str, Any], config: Config) -> list[str]:
    thresholds = {word.name: word.threshold for word in config.wake.words}
    rows = [f"ears: {heard['seconds']} s of sound through this configuration's models"]
    for name, best in heard["best"].items():
        rows.append(
            f'  "{name}" reached {best["score"]:.2f} at {best["at_s"]} s'
            f" (threshold {thresholds.get(name, 0):g})"
        )
    rows += [f'  it would wake at {w["at_s"]} s: "{w["word"]}"' for w in heard["wakes"]]
    rows += [] if heard["wakes"] else ["  it would not wake"]
    rows += [f"  speech from {s['from_s']} s to {s['to_s'] or 'the end'}" for s in heard["speech"]]
    return rows
