"""Recognition: words and orders understood, and how long after the last word they are known.

    scripts/bench speech [--speech DIR] [--stt BACKEND [--url URL] [--model NAME]]

DIR/manifest.csv names the recordings: `file`, `kind`, `text`, and in `extra` the
phrases ("slots") that an order has, as JSON. Without --speech the recordings of the
tests are listened to. Each recording is heard twice: as it would arrive, with
recognition going on meanwhile, and in one piece at the end. "Known after" and "sound
after" are counted from the end of the turn, which comes after the silence that ends it:
until the words are there, and until the first sample of an answer is.
"""

import argparse
import asyncio
import csv
import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.vad import SileroVad
from edgevoice.audio.wav import read_wav
from edgevoice.config import LocalEngineConfig, SttConfig
from edgevoice.errors import EdgeVoiceError
from edgevoice.realtime.items import user_text
from edgevoice.relay.engines.engine import Audio, Listener, Request, Utterance
from edgevoice.relay.engines.local.engine import LocalEngine
from edgevoice.relay.engines.local.wake_phrase import distance, without_wake_phrase

HERE = Path(__file__).resolve().parents[2]
TAIL_S = 0.8
"""Quiet after each recording, so that the turn can end."""
RATIO_BUDGET = 0.5
"""Latency with recognition going on meanwhile, as a part of that without."""
BY_HAND = {
    "what_time_is_it": "what time is it",
    "whats_the_date_today": "what's the date today",
    "set_timer": "set a timer for ten minutes",
    "turn_on_the_lamp": "turn on the lamp",
}
_NUMBERS = {"eight": "8", "ten": "10", "twelve": "12", "sixteen": "16", "twenty": "20"}


@dataclass(frozen=True)
class Recording:
    path: Path
    kind: str
    text: str
    slots: list[str]


@dataclass
class Score:
    """One kind of recordings."""

    errors: int = 0
    words: int = 0
    slots: int = 0
    slots_found: int = 0
    streamed_s: list[float] = field(default_factory=list)
    sound_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    audio_s: float = 0.0


def recordings(folder: Path | None) -> Iterator[Recording]:
    if folder is None:
        for place in (HERE / "tests/speech", HERE / "edgevoice/simulator/speech"):
            for path in sorted(place.glob("*.wav")):
                if path.stem in BY_HAND:
                    yield Recording(path, "command", BY_HAND[path.stem], [])
                elif path.stem.startswith("alexa_") and not path.stem[-1].isdigit():
                    yield Recording(path, "oneshot", path.stem.replace("_", " "), [])
        return
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            slots = [str(value) for value in json.loads(row["extra"] or "{}").values()]
            if row["kind"].startswith(("command", "oneshot")) and (row["text"] or slots):
                yield Recording(folder / row["file"], row["kind"], row["text"], slots)


def plain(text: str) -> list[str]:
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'", "").replace("’", ""))
    return [_NUMBERS.get(word, word) for word in words]


def speech_end(samples: Samples, vad: SileroVad) -> int:
    """Where the last speech ends, for the pause that a turn detector would report."""
    vad.reset()
    frames = range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    loud = [at for at in frames if vad.probability(samples[at : at + FRAME_SAMPLES]) >= 0.5]
    return (loud[-1] if loud else 0) + FRAME_SAMPLES


class Bench:
    def __init__(self, stt: SttConfig) -> None:
        self.engine = LocalEngine(LocalEngineConfig(stt=stt), "", datetime.now)
        self.vad = SileroVad()

    async def hear(self, samples: Samples, name: str | None, pause: int) -> tuple[str, float]:
        """In real time, with a pause told 200 ms after the speech; the wait for the transcript."""
        listener = self.engine.listen(name, lambda words: None)
        began, told = time.perf_counter(), False
        for at in range(0, len(samples), FRAME_SAMPLES):
            await asyncio.sleep(began + at / CAPTURE_RATE_HZ - time.perf_counter())
            if at < pause:  # a turn detector passes on what belongs to the turn
                listener.hear(samples[at : at + FRAME_SAMPLES])
            elif not told:
                listener.pause()
                told = True
        return await self.finish(listener, samples[:pause], name)

    async def at_once(self, samples: Samples, name: str | None) -> tuple[str, float]:
        listener = self.engine.listen(name, lambda words: None)
        return await self.finish(listener, samples, name)

    async def finish(
        self, listener: Listener, samples: Samples, name: str | None
    ) -> tuple[str, float]:
        began = time.perf_counter()
        text = await listener.finish(Utterance("item", samples, name))
        return text, time.perf_counter() - began

    async def first_sound(self, text: str) -> float:
        """From the words to the first sample of what is answered."""
        began = time.perf_counter()
        request = Request([user_text(text)], "", (), "auto", True, None)
        async with aclosing(self.engine.respond(request)) as parts:
            async for part in parts:
                if isinstance(part, Audio):
                    break
        return time.perf_counter() - began

    async def measure(self, recording: Recording, score: Score, realtime: bool) -> str:
        quiet = np.zeros(round(TAIL_S * CAPTURE_RATE_HZ), np.int16)
        samples = np.concatenate((read_wav(recording.path), quiet))
        end = speech_end(samples, self.vad)
        samples = samples[: end + len(quiet)]
        samples = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]
        pause = (end + CAPTURE_RATE_HZ // 5) // FRAME_SAMPLES * FRAME_SAMPLES
        name = recording.text.split()[0] if recording.kind == "oneshot" else None
        cpu = time.process_time()
        text, waited = await self.at_once(samples, name)
        score.cpu_s += time.process_time() - cpu
        score.audio_s += len(samples) / CAPTURE_RATE_HZ
        score.whole_s.append(waited)
        if realtime:
            text, waited = await self.hear(samples, name, pause)
            score.streamed_s.append(waited)
            score.sound_s.append(waited + await self.first_sound(text))
        said = plain(without_wake_phrase(recording.text, name))
        if recording.text:
            score.errors += distance(plain(text), said)
            score.words += len(said)
        heard = f" {' '.join(plain(text))} "
        score.slots += len(recording.slots)
        score.slots_found += sum(f" {' '.join(plain(s))} " in heard for s in recording.slots)
        return text


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def milliseconds(values: list[float]) -> str:
    return f"{1000 * statistics.median(values):.0f} ms" if values else "-"


def table(scores: dict[str, Score]) -> None:
    """CPU is that of this process; the time of a server shows in what a second of audio takes."""
    print(
        f"{'kind':18} {'files':>5} {'WER':>8} {'slots':>8} {'known after':>12} {'sound after':>12} "
        f"{'one piece':>10} {'time/s':>7} {'CPU/s':>6}"
    )
    for kind, score in scores.items():
        print(
            f"{kind:18} {len(score.whole_s):5} {percent(score.errors, score.words):>8} "
            f"{percent(score.slots_found, score.slots):>8} {milliseconds(score.streamed_s):>12} "
            f"{milliseconds(score.sound_s):>12} {milliseconds(score.whole_s):>10} "
            f"{sum(score.whole_s) / score.audio_s:7.3f} {score.cpu_s / score.audio_s:6.3f}"
        )


async def run(options: argparse.Namespace) -> int:
    stt = SttConfig(options.stt, url=options.url, model=options.model)
    bench, scores = Bench(stt), dict[str, Score]()
    await bench.engine.start()
    await bench.at_once(np.ones(CAPTURE_RATE_HZ, np.int16), None)  # servers load models then
    for recording in recordings(options.speech):
        score = scores.setdefault(recording.kind, Score())
        realtime = len(score.streamed_s) < options.realtime
        text = await bench.measure(recording, score, realtime)
        if options.show:
            print(f"{recording.path.name:40} {text}")
    await bench.engine.close()
    if not scores:
        print("no recordings with a text or slots found")
        return 1
    table(scores)
    streamed = [s for score in scores.values() for s in score.streamed_s]
    whole = [s for score in scores.values() for s in score.whole_s]
    ratio = statistics.median(streamed) / statistics.median(whole)
    p90 = statistics.quantiles(streamed, n=10)[-1] if len(streamed) > 1 else streamed[0]
    print(f"known after: p50 {milliseconds(streamed)}, p90 {1000 * p90:.0f} ms")
    print(f"known after, as a part of one piece: {ratio:.2f}, budget {RATIO_BUDGET}")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
    return ratio > RATIO_BUDGET


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--speech", type=Path, help="directory with a manifest.csv")
    parser.add_argument(
        "--realtime", type=int, default=10, help="recordings per kind heard in real time"
    )
    parser.add_argument(
        "--stt",
        choices=("moonshine", "faster-whisper", "openai", "wyoming"),
        default="moonshine",
        help="what recognises, as relay.local.stt.backend",
    )
    parser.add_argument("--url", default="", help="of its server, as relay.local.stt.url")
    parser.add_argument("--model", default="", help="as relay.local.stt.model")
    parser.add_argument("--show", action="store_true", help="print the transcripts")
    try:
        return asyncio.run(run(parser.parse_args()))
    except EdgeVoiceError as error:
        print(f"scripts/bench speech: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
