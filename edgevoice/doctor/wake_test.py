"""`edgevoice wake-test`: the threshold of a wake word for this room and the voices in it.

Sound comes from the microphone or from files, and is forgotten unless `--keep` says where
it goes.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_word import WakeWords
from edgevoice.audio.wav import WavWriter, read_wav
from edgevoice.config import Config, WakeConfig, WakeWordConfig
from edgevoice.config_file import asked_for
from edgevoice.doctor import recording
from edgevoice.doctor.checks import assistant
from edgevoice.doctor.proposals import Proposal
from edgevoice.doctor.settings_file import SettingsFile
from edgevoice.doctor.sound_test import put
from edgevoice.doctor.wake_scores import Row, Track, recommended, table
from edgevoice.errors import ConfigError, ControlError, WavError

LEAD_OUT_S = 1.2
"""Of the room behind a file: the score comes after the word."""


@dataclass(slots=True)
class Sounds:
    """What is judged; the names are for people."""

    noise: list[Samples] = field(default_factory=list)
    utterances: dict[str, Samples] = field(default_factory=dict)


def main(args: argparse.Namespace) -> int:
    config = asked_for(args).config
    word = chosen(config, args.word)
    file = SettingsFile(args.config) if args.write else None
    scorer = Scorer(config.wake, word)  # before anybody has to speak
    sounds = gather(config, word, args)
    if args.keep:
        keep(Path(args.keep), sounds)
    noise = [scorer.track(sound) for sound in sounds.noise]
    said = {name: scorer.track(sound) for name, sound in sounds.utterances.items()}
    rows = table(word, list(said.values()), noise, config.wake.refractory_s)
    best = recommended(rows)
    weak = {name: round(max(t), 2) for name, t in said.items() if max(t) < best.threshold}
    if args.json:
        print(json.dumps(as_json(word, rows, best, weak)))
    else:
        print("\n".join(lines(word, rows, best, weak)))
    if file is not None:
        proposal = Proposal(f"wake.words[{word.name}].threshold", best.threshold, reason(best))
        told = put(file, config, [proposal])
        print(told, file=sys.stderr if args.json else sys.stdout)
    return 0


def chosen(config: Config, name: str | None) -> WakeWordConfig:
    words = {word.name: word for word in config.wake.words}
    if name is None and words:
        return config.wake.words[0]
    if name not in words:
        raise ConfigError(f'no wake word "{name}" is configured; there are: {", ".join(words)}')
    return words[name]


class Scorer:
    """One word's scores, by the engine and the quiet gate it is configured with."""

    def __init__(self, wake: WakeConfig, word: WakeWordConfig) -> None:
        self._name = word.name
        self._words = WakeWords(wake.models_dir, replace(wake, words=(word,)))

    def track(self, sound: Samples) -> Track:
        self._words.reset()
        scores = []
        for first in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            self._words.hear(sound[first : first + CHUNK_SAMPLES], first)
            scores.append(self._words.scores[self._name])
        return scores or [0.0]


def gather(config: Config, word: WakeWordConfig, args: argparse.Namespace) -> Sounds:
    """From files where they are named, else from the microphone."""
    sounds = Sounds()
    if args.noise:
        sounds.noise = [read_wav(path) for path in wavs(args.noise)]
    if args.utterances:
        sounds.utterances = {str(p): in_a_room(read_wav(p)) for p in wavs(args.utterances)}
    if not (args.noise and args.utterances):
        if taken := assistant.is_free(config):
            raise ControlError(f"{taken.text}; {taken.todo}")
        wanted = recording.Wanted(
            word.name.replace("_", " "),
            0.0 if args.noise else args.seconds,
            0 if args.utterances else args.times,
        )
        recorded = asyncio.run(recording.record(config.microphone, wanted))
        sounds.noise += recorded.noise
        sounds.utterances |= recorded.utterances
    return sounds


def wavs(paths: Sequence[str]) -> Iterator[Path]:
    """Files, and those in folders."""
    for path in map(Path, paths):
        inside = sorted(path.glob("*.wav")) if path.is_dir() else [path]
        if not inside:
            raise WavError(f"{path} holds no .wav file: name a folder of recordings")
        yield from inside


def in_a_room(utterance: Samples) -> Samples:
    """With the silence of a real microphone around it: the lowest bits flicker."""
    before, behind = (round(s * CAPTURE_RATE_HZ) for s in (recording.LEAD_IN_S, LEAD_OUT_S))
    random = np.random.default_rng(1)
    room = random.integers(-4, 5, before + len(utterance) + behind).astype(np.int16)
    room[before : before + len(utterance)] = utterance
    return room


def keep(folder: Path, sounds: Sounds) -> None:
    """What was recorded; what came from files is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {f"noise-{n}": sound for n, sound in enumerate(sounds.noise, 1)}
    named |= {name: sound for name, sound in sounds.utterances.items() if "/" not in name}
    for name, sound in named.items():
        with WavWriter(folder / f"{name}.wav") as writer:
            writer.write(sound)


def lines(
    word: WakeWordConfig, rows: Sequence[Row], best: Row, weak: dict[str, float]
) -> Iterator[str]:
    yield f'"{word.name}", said {best.said} times, and {best.hours * 3600:.0f} s without it'
    yield "threshold  missed               95 %  false wakes  per hour  at most"
    for row in rows:
        yield line(row, is_best=row is best)
    if weak:
        yield "missed at the recommended threshold, with their highest scores:"
        yield from (f"  {name}: {score:.2f}" for name, score in weak.items())
    yield f"recommended: {best.threshold} (now {word.threshold}): {reason(best)}"
    if word.confirm != "none":
        yield f"{word.confirm}, which has to agree, was not asked: both rates may be lower"
    if best.hours < 1:
        yield "record longer (--seconds 3600, with television) to know more about false wakes"


def line(row: Row, *, is_best: bool) -> str:
    low, high = (f"{share:.0%}" for share in (row.miss_interval.low, row.miss_interval.high))
    most = row.false_per_hour_at_most
    told = f"{row.threshold:9.2f}  {row.missed:3} of {row.said:<3} {row.miss_rate:5.0%}"
    told += f" {low:>5} to {high:<4} {row.false:11}  {row.false_per_hour:8.1f}"
    return f"{told}  {'unknown' if most is None else f'{most:7.1f}'}{'  <-' if is_best else ''}"


def reason(best: Row) -> str:
    high = best.miss_interval.high
    told = f"{best.missed} of {best.said} missed (at most {high:.0%}),"
    return f"{told} {best.false} false wakes in {best.hours * 3600:.0f} s"


def as_json(
    word: WakeWordConfig, rows: Sequence[Row], best: Row, weak: dict[str, float]
) -> dict[str, Any]:
    return {
        "word": word.name,
        "recommended": best.threshold,
        "now": word.threshold,
        "rows": [
            {
                **asdict(row),
                "miss_rate": round(row.miss_rate, 4),
                "miss_at_most": round(row.miss_interval.high, 4),
                "false_per_hour": round(row.false_per_hour, 3),
                "false_per_hour_at_most": row.false_per_hour_at_most,
            }
            for row in rows
        ],
        "missed": weak,
    }
