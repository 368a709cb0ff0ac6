"""The relay: how many sessions a core carries, what one costs, and how soon it answers.

    scripts/bench relay [--speech DIR] [--only load|leftovers|answers|words] [--turns N]

load: a relay with the engine `parrot` on one core, callers on another. Each caller says a
sentence every four seconds and hears it back. More of them are added until the added latency
(from sending the sample that ended the turn to the first packet of the answer) passes 50 ms
for one turn in twenty. leftovers: two hundred sessions are opened and closed. answers: people's
recordings are played to a relay with the engine `local`, each in a turn of its own; the wait
from the last word to the first packet, and how much of it is endpointing. words: as
`scripts/bench speech`.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import aiohttp
import numpy as np
import speech
from answering import process
from answering.caller import FRAME_MS, Talker, encoded

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.vad import SileroVad
from edgevoice.audio.wav import read_wav
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from edgevoice.webrtc.hardening import harden

LIMIT_MS = 50.0
"""Of the added latency, for one turn in twenty."""
STEPS = (1, 5, 10, 15, 20, 25, 30, 40, 50, 60)
STEP_S = 16.0
CYCLE = 4000 // FRAME_MS
"""Frames from one sentence to the next."""
BATCH = 20
OPEN_LIMITS = (
    "relay.limits.sessions=1000",
    "relay.limits.sessions_per_token=1000",
    "relay.limits.starts_per_minute=100000",
    "relay.limits.minutes_per_day=0",
    "relay.store=memory",
)
RELAY_CORE, CALLERS_CORE = 0, 1
PAUSE_S = 3.0
"""Between two recordings, after the answer has begun."""
ANSWER_S = 8.0


def sentence() -> Samples:
    """1.2 s of a person's voice, and quiet until the next one."""
    root = Path(__file__).resolve().parents[2]
    said = read_wav(root / "edgevoice/simulator/speech/turn_on_the_lamp.wav")
    loudest = int(np.argmax(np.convolve(np.abs(said.astype(np.int32)), np.ones(19_200), "valid")))
    return with_quiet(said[loudest : loudest + 19_200], CYCLE * FRAME_SAMPLES)


def with_quiet(samples: Samples, length: int) -> Samples:
    """Followed by faint noise: a microphone is never at zero."""
    noise = np.random.default_rng(0).integers(-8, 9, length - len(samples))
    return np.concatenate((samples, noise.astype(np.int16)))


@dataclass
class Crowd:
    """Callers who all say the same, each in its own time."""

    talkers: list[Talker] = field(default_factory=list)
    frame: int = 0

    def tick(self) -> None:
        for number, talker in enumerate(self.talkers):
            talker.say((self.frame + 37 * number) % CYCLE)
        self.frame += 1

    async def speak(self) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            self.tick()
            await asyncio.sleep(start + self.frame * FRAME_MS / 1000 - loop.time())

    def forget(self) -> None:
        for talker in self.talkers:
            talker.replies.clear()
            talker.events.clear()


@asynccontextmanager
async def running(
    engine: str, *settings: str, core: int | None = None
) -> AsyncIterator[RunningRelay]:
    inside = () if core is None else ("taskset", "--cpu-list", str(core))
    with tempfile.TemporaryDirectory() as folder:
        given = (*OPEN_LIMITS, *settings)
        async with relay_process(engine, Path(folder), given, inside) as relay:
            yield relay


async def more(
    crowd: Crowd,
    wanted: int,
    http: aiohttp.ClientSession,
    relay: RunningRelay,
    script: list[bytes],
    group: asyncio.TaskGroup,
) -> None:
    while len(crowd.talkers) < wanted:
        talker = Talker(http, relay.url, relay.token)
        await talker.call(script)
        group.create_task(talker.run())
        await talker.opened()
        crowd.talkers.append(talker)


def percentile(values: list[float], share: float) -> float:
    return float(np.quantile(values, share)) if values else float("nan")


@dataclass(frozen=True)
class Row:
    sessions: int
    cpu: float
    memory_mb: float
    added_ms: list[float]
    lateness_ms: list[float]
    callers_cpu: float
    answered: float

    def __str__(self) -> str:
        return (
            f"{self.sessions:8} {100 * self.cpu:7.0f} % {percentile(self.added_ms, 0.5):8.1f}"
            f" {percentile(self.added_ms, 0.95):8.1f} {percentile(self.lateness_ms, 0.95):11.1f}"
            f" {self.memory_mb:9.0f} {100 * self.callers_cpu:11.0f} % {100 * self.answered:8.0f} %"
        )


async def load() -> None:
    """On two cores that nobody else uses."""
    script = encoded(sentence())
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {CALLERS_CORE})
    async with (
        running("parrot", core=RELAY_CORE) as relay,
        aiohttp.ClientSession() as http,
        asyncio.TaskGroup() as group,
    ):
        crowd = Crowd()
        speaking = group.create_task(crowd.speak())
        idle_mb = process.memory_mb(relay.pid)
        print(f"relay without a session: {idle_mb:.0f} MB")
        print("sessions   relay    added ms: p50   p95  jitter p95  memory MB    callers  answered")
        rows: list[Row] = []
        for step in STEPS:
            await more(crowd, step, http, relay, script, group)
            rows.append(await measured(crowd, relay))
            print(rows[-1], flush=True)
            if percentile(rows[-1].added_ms, 0.95) > LIMIT_MS or rows[-1].answered < 0.9:
                break
        speaking.cancel()
        for talker in crowd.talkers:
            await talker.hang_up()
    good = [row for row in rows if percentile(row.added_ms, 0.95) <= LIMIT_MS]
    carried = good[-1].sessions if good else 0
    last = rows[-1]
    print(f"sessions per core until p95 passes {LIMIT_MS:g} ms: {carried}")
    print(f"memory per session: {(last.memory_mb - idle_mb) / last.sessions:.1f} MB")
    print(f"processor per session: {100 * last.cpu / last.sessions:.2f} % of a core")


async def measured(crowd: Crowd, relay: RunningRelay) -> Row:
    await asyncio.sleep(1.0)
    crowd.forget()
    before, ours = process.cost(relay.pid), process.cost(os.getpid())
    await asyncio.sleep(STEP_S)
    after, ours_after = process.cost(relay.pid), process.cost(os.getpid())
    replies = [reply for talker in crowd.talkers for reply in talker.replies if reply.packets]
    turns = len(crowd.talkers) * STEP_S * 1000 / FRAME_MS / CYCLE
    return Row(
        len(crowd.talkers),
        after.share_since(before),
        process.memory_mb(relay.pid),
        [reply.after_ms for reply in replies],
        [late for reply in replies for late in reply.lateness_ms],
        ours_after.share_since(ours),
        len(replies) / turns,
    )


async def leftovers() -> None:
    """After a hundred sessions, and after a hundred more."""
    script = encoded(sentence())
    async with running("parrot") as relay, aiohttp.ClientSession() as http:
        await open_and_close(BATCH, relay, http, script)
        await asyncio.sleep(3)
        before, memory = process.leavings(relay.pid), [process.memory_mb(relay.pid)]
        for _ in range(2):
            for _ in range(100 // BATCH):
                await open_and_close(BATCH, relay, http, script)
            await asyncio.sleep(3)
            memory.append(process.memory_mb(relay.pid))
        after = process.leavings(relay.pid)
    for what, count in before.items():
        print(f"{what} before and after 200 sessions: {count} and {after[what]}")
    first, second = (later - sooner for sooner, later in pairwise(memory))
    print(f"memory: {first:+.1f} MB for the first 100, {second:+.1f} MB for the next 100")


async def open_and_close(
    sessions: int, relay: RunningRelay, http: aiohttp.ClientSession, script: list[bytes]
) -> None:
    """All at once, each with a turn that is answered."""
    crowd = Crowd()
    async with asyncio.TaskGroup() as group:
        await more(crowd, sessions, http, relay, script, group)
        speaking = group.create_task(crowd.speak())
        await asyncio.sleep(3)
        speaking.cancel()
        for talker in crowd.talkers:
            await talker.hang_up()


@dataclass
class Waits:
    """From the last word on, in milliseconds."""

    endpointing: list[float] = field(default_factory=list)
    answering: list[float] = field(default_factory=list)
    unanswered: int = 0

    def add(self, other: "Waits") -> None:
        self.endpointing += other.endpointing
        self.answering += other.answering
        self.unanswered += other.unanswered

    def __str__(self) -> str:
        whole = [a + b for a, b in zip(self.endpointing, self.answering, strict=True)]
        figures = "   ".join(
            f"{name} {percentile(values, 0.5):5.0f} / {percentile(values, 0.9):5.0f}"
            for name, values in (
                ("endpointing", self.endpointing),
                ("relay and engine", self.answering),
                ("last word to answer", whole),
            )
        )
        return f"{figures}   n {len(whole)}, unanswered {self.unanswered}"


def spoken(folder: Path | None, most: int) -> Iterator[tuple[str, Samples]]:
    """So many recordings of each kind."""
    seen: dict[str, int] = {}
    for recording in speech.recordings(folder):
        seen[recording.kind] = seen.get(recording.kind, 0) + 1
        if recording.kind != "oneshot" and seen[recording.kind] <= most:
            yield recording.path.name, read_wav(recording.path)


async def answers(folder: Path | None, most: int) -> None:
    """p50 / p90, by how the end of a turn is found."""
    print("milliseconds, p50 / p90")
    for kind in ("server_vad", "semantic_vad"):
        detection = {"audio": {"input": {"turn_detection": {"type": kind}}}}
        async with running("local") as relay, aiohttp.ClientSession() as http:
            waits = Waits()
            for _, samples in spoken(folder, most):
                waits.add(await one_turn(relay, http, samples, detection))
        print(f"{kind:13} {waits}", flush=True)


async def one_turn(
    relay: RunningRelay, http: aiohttp.ClientSession, samples: Samples, session: dict[str, object]
) -> Waits:
    """One session, in which this is said."""
    end = speech.speech_end(samples, SileroVad())
    script = encoded(with_quiet(samples[:end], end + round(ANSWER_S * CAPTURE_RATE_HZ)))
    talker, waits = Talker(http, relay.url, relay.token), Waits()
    async with asyncio.TaskGroup() as group:
        await talker.call(script, session)
        running_call = group.create_task(talker.run())
        await talker.opened()
        loop = asyncio.get_running_loop()
        start = loop.time()
        for frame in range(len(script)):
            talker.say(frame)
            await asyncio.sleep(start + (frame + 1) * FRAME_MS / 1000 - loop.time())
            heard = next((reply for reply in talker.replies[::-1] if reply.packets), None)
            if heard is not None and frame * FRAME_SAMPLES > end + CAPTURE_RATE_HZ // 2:
                waits.endpointing.append(heard.decided_ms - end * 1000 / CAPTURE_RATE_HZ)
                waits.answering.append(heard.after_ms)
                break
        else:
            waits.unanswered += 1
        await talker.hang_up()
        await running_call
    return waits


def words(folder: Path | None) -> None:
    command = [sys.executable, str(Path(speech.__file__))]
    subprocess.run([*command, *(["--speech", str(folder)] if folder else [])], check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--speech", type=Path, help="directory with a manifest.csv")
    parser.add_argument("--only", choices=("load", "leftovers", "answers", "words"))
    parser.add_argument("--turns", type=int, default=20, help="recordings of each kind to answer")
    options = parser.parse_args()
    harden()
    parts = [options.only] if options.only else ["words", "answers", "leftovers", "load"]
    for part in parts:
        print(f"== {part}", flush=True)
        if part == "words":
            words(options.speech)
        elif part == "answers":
            asyncio.run(answers(options.speech, options.turns))
        else:
            asyncio.run(load() if part == "load" else leftovers())


if __name__ == "__main__":
    main()
