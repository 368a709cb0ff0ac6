"""Who is heard and what wakes falsely: the same sound for all engines, as fast as they take it.

Where an engine gives scores, other thresholds are tried on them: what it misses at the
threshold at which nothing woke it falsely. wyoming-openwakeword only tells what it detected.
"""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hearing.rooms import Recordings, Room, Said, scene
from hearing.wake_quality import LATE_S, REFRACTORY_S

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.wake_engine import CHUNK_SAMPLES
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import WakeConfig, WakeWordConfig
from peers import environments
from peers.processes import Program
from peers.systems import WORD, free_port, models_folder, until

ROOMS = {"quiet": (Room(), 1), "kitchen": (Room("kitchen", 10), 2)}
"""And every how manieth recording of other speech is heard there: time is short."""
PAUSE_S = 2.0
SPEED = 8.0
"""At which wyoming-openwakeword is given sound: it drops what it has no time for."""
LEAD_S = 4.0
"""Networks that have heard nothing yet score anything; what they score here does not count."""

Scores = list[tuple[float, float]]
"""Seconds of sound heard, and the score then."""
Scorer = Callable[[Path], Scores]


@dataclass(frozen=True)
class Engine:
    name: str
    threshold: float
    score: Scorer
    has_scores: bool = True


@dataclass(frozen=True)
class Quality:
    engine: str
    room: str
    threshold: float
    said: int
    missed: int
    hours: float
    false: int
    missed_without_false: int | None
    """At the lowest threshold at which nothing woke it falsely."""
    its_threshold: float | None


def detections(scores: Scores, threshold: float) -> list[float]:
    heard: list[float] = []
    for at, score in scores:
        if score >= threshold and at > LEAD_S and (not heard or at - heard[-1] > REFRACTORY_S):
            heard.append(at)
    return heard


def missed(scores: Scores, threshold: float, said: Sequence[Said]) -> int:
    """A word counts as heard until one second after its recording."""
    at = detections(scores, threshold)
    return sum(
        not any(one.start / CAPTURE_RATE_HZ < t <= one.end / CAPTURE_RATE_HZ + LATE_S for t in at)
        for one in said
    )


def quality(
    engine: Engine, room: str, wanted: Scores, said: Sequence[Said], unwanted: Scores, hours: float
) -> Quality:
    strict = None
    if engine.has_scores:
        worst = max((score for at, score in unwanted if at > LEAD_S), default=0.0)
        strict = max(engine.threshold, round(worst + 0.0001, 4)) if worst >= engine.threshold \
            else round(max(0.05, worst + 0.0001), 4)  # fmt: skip
    return Quality(
        engine.name, room, engine.threshold, len(said),
        missed(wanted, engine.threshold, said), hours,
        len(detections(unwanted, engine.threshold)),
        None if strict is None else missed(wanted, strict, said), strict,
    )  # fmt: skip


def measure(files: Recordings, folder: Path, engines: Sequence[Engine]) -> list[Quality]:
    mine = [path for path in files.wake if path.stem.startswith(WORD) or path.parent.name == WORD]
    results = []
    with ThreadPoolExecutor(3) as pool:  # one of them mostly waits: wyoming-openwakeword
        for name, (room, step) in ROOMS.items():
            said_sound, said = scene(mine, room, files.kitchen, PAUSE_S, files.all_speech)
            other, _ = scene(files.all_speech[::step], room, files.kitchen, 1.0, files.all_speech)
            lead = round(LEAD_S * CAPTURE_RATE_HZ)
            said = [Said(one.path, one.start + lead, one.end + lead) for one in said]
            wanted, unwanted = (
                _kept(folder / f"{name}-{kind}.pcm", sound, lead)
                for kind, sound in (("wanted", said_sound), ("unwanted", other))
            )
            jobs = [(engine, pool.submit(engine.score, wanted), pool.submit(engine.score, unwanted))
                    for engine in engines]  # fmt: skip
            hours = len(other) / CAPTURE_RATE_HZ / 3600
            results += [
                quality(engine, name, first.result(), said, second.result(), hours)
                for engine, first, second in jobs
            ]
    return results


def _kept(path: Path, sound: Samples, lead: int) -> Path:
    noise = np.resize(sound[: CAPTURE_RATE_HZ // 2], lead)
    path.write_bytes(np.concatenate((noise, sound)).astype("<i2").tobytes())
    return path


def ours(engine: str) -> Scorer:
    """The device's own ears, with their gate and their rule; what they detect has score 1."""

    def score(recording: Path) -> Scores:
        word = WakeWordConfig(WORD, engine=engine, threshold=2.0, threshold_playing=2.0)  # type: ignore[arg-type]
        ears = WakeWords("", WakeConfig((word,)))
        sound = np.frombuffer(recording.read_bytes(), "<i2").astype(np.int16)
        found: Scores = []
        for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            ears.hear(sound[at : at + CHUNK_SAMPLES], at)
            highest = max(ears.scores.values(), default=0.0)
            found.append(((at + CHUNK_SAMPLES) / CAPTURE_RATE_HZ, highest))
        return found

    return score


def theirs(engine: str, environment: environments.Environment) -> Scorer:
    def score(recording: Path) -> Scores:
        done = subprocess.run(
            environment.program(
                "peers.ends.score", engine, WORD, str(recording), str(models_folder())
            ),
            env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": "/usr/bin:/bin"},
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])["scores"]
        return [(at, score) for at, score in found]

    return score


def wyoming(folder: Path) -> Scorer:
    """By its protocol, over a socket."""

    def score(recording: Path) -> Scores:
        port, log = free_port(), folder / f"{recording.stem}.log"
        program = Program(
            environments.WYOMING_OPENWAKEWORD.program(
                "wyoming_openwakeword", "--uri", f"tcp://127.0.0.1:{port}", "--preload-model", WORD
            ),
            log,
            {},
        ).start()
        try:
            until(lambda: "Ready" in log.read_text(), "wyoming-openwakeword")
            time.sleep(0.5)
            return _stream(port, np.frombuffer(recording.read_bytes(), "<i2"))
        finally:
            program.stop()

    return score


def _stream(port: int, sound: Samples) -> Scores:
    detected: Scores = []
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setblocking(False)
        _send(wire, "detect", {"names": [WORD]})
        form = {"rate": CAPTURE_RATE_HZ, "width": 2, "channels": 1}
        _send(wire, "audio-start", form)
        began = time.monotonic()
        for at in range(0, len(sound) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
            due = began + at / CAPTURE_RATE_HZ / SPEED
            time.sleep(max(0.0, due - time.monotonic()))
            detected += _detections(wire, at)
            _send(wire, "audio-chunk", form, sound[at : at + CHUNK_SAMPLES].tobytes())
        time.sleep(1.0)
        detected += _detections(wire, len(sound))
    return detected


def _send(wire: socket.socket, kind: str, data: object, payload: bytes = b"") -> None:
    head = {"type": kind, "data": data, "payload_length": len(payload)}
    wire.setblocking(True)
    wire.sendall(json.dumps(head).encode() + b"\n" + payload)
    wire.setblocking(False)


def _detections(wire: socket.socket, at: int) -> Scores:
    """Those that have come by now count as of now: late by what it took, at this speed."""
    try:
        told = wire.recv(65_536)
    except BlockingIOError:
        return []
    return [(at / CAPTURE_RATE_HZ, 1.0)] if b'"detection"' in told else []


def all_engines(folder: Path) -> list[Engine]:
    return [
        Engine("edgevoice", 0.5, ours("openwakeword")),
        Engine("edgevoice, microWakeWord", 0.5, ours("microwakeword")),
        Engine("wyoming-satellite", 0.5, wyoming(folder), has_scores=False),
        Engine("openWakeWord + aiortc", 0.5,
               theirs("openwakeword", environments.TUTORIAL)),
        Engine("pyopen-wakeword", 0.5, theirs("pyopen", environments.WAKE_WORDS)),
        Engine("pymicro-wakeword", 0.9, theirs("pymicro", environments.WAKE_WORDS)),
    ]  # fmt: skip
