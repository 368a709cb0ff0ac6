"""Turns: how soon it is noticed that somebody has finished, and how often somebody is cut short.

    scripts/bench turns [--speech DIR] [--full] [--only ends|answers]

ends: Each order is heard by the relay's own ears as it was spoken, and once more with a second of
silence put into the middle of it, at the quietest place: somebody who has to think. Cut: a turn
that ended before the last word. Waited: from the end of the last word to the end of the turn.
answers: what that makes of the wait for the first sound of the answer, on a machine that does
nothing else, without answers begun in advance and with (how many of them were used); from
rules, and from somebody who thinks for 0.3 s first, as a chat server does.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from answering.alone import Alone, Thinking
from answering.idle_machine import IdleMachine
from hearing.rooms import (
    MICROPHONE_DBFS,
    SPEECH_DBFS,
    at_one_loudness,
    recordings,
    spoken_frames,
)
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.smart_turn import SmartTurn
from edgevoice.audio.vad import SileroVad
from edgevoice.audio.wav import read_wav
from edgevoice.config import DetectionConfig, RelayConfig
from edgevoice.realtime.session import SemanticVad, ServerVad, TurnDetection
from edgevoice.relay.app import local_time
from edgevoice.relay.engines.local.engine import LocalEngine
from edgevoice.relay.turns.detection import turn_rules
from edgevoice.relay.turns.hearing import Hearing
from edgevoice.relay.turns.turn_detector import (
    TurnEvent,
    TurnPaused,
    TurnRules,
    TurnStarted,
    TurnStopped,
)
from edgevoice.relay.turns.turn_judge import FINISHED, TurnJudge

LEAD_S, TAIL_S = 1.0, 9.0
SNR_DB = 10.0
THINKING_S = 1.0
MIDDLE = (0.3, 0.7)
"""Where somebody stops to think, as parts of what is said."""
MOST_RECORDINGS = 44

MOST_ANSWERS = 20
THINKS_S = 0.3
ANSWER_BUDGET_MS = 700.0

WAYS: dict[str, TurnDetection] = {
    "server_vad 500 ms": ServerVad(),
    "server_vad 800 ms": ServerVad(silence_duration_ms=800),
    "semantic_vad high": SemanticVad(eagerness="high"),
    "semantic_vad auto": SemanticVad(),
    "semantic_vad low": SemanticVad(eagerness="low"),
}
CUT_BUDGET = 0.5
"""The part of thinkers that `semantic_vad` may cut; 0.5 s of silence cuts all of them. Many of
these silences fall where the order could have ended, and no tone of voice tells of a pause
that was put in."""
WAIT_BUDGET_MS = 400.0
"""Its median wait; 0.5 s of silence is noticed after 0.55 s."""


@dataclass(frozen=True)
class Utterance:
    sound: Samples
    end: int
    """One past the last sample of speech."""


@dataclass
class Tally:
    cut: int = 0
    waits_ms: list[float] = field(default_factory=list)
    asked: int = 0
    cpu_s: float = 0.0


class Ears:
    """What a session hears with, and the judge that is asked at once."""

    def __init__(self) -> None:
        self._vad = SileroVad()
        self._judge = SmartTurn()
        self._known: dict[tuple[int, int, int], float] = {}

    def turns(self, said: Utterance, rules: TurnRules, tally: Tally) -> list[TurnStopped]:
        self._vad.reset()
        hearing = Hearing(self._vad, rules, can_judge=True)
        stopped: list[TurnStopped] = []
        start = 0
        for at in range(0, len(said.sound), FRAME_SAMPLES):
            events = list(hearing.receive(at, said.sound[at : at + FRAME_SAMPLES]))
            while events:
                event = events.pop(0)
                start = event.start if isinstance(event, TurnStarted) else start
                stopped += [event] if isinstance(event, TurnStopped) else []
                events += self._answer(event, start, hearing, said, tally)
        return stopped

    def _answer(
        self, event: TurnEvent, start: int, hearing: Hearing, said: Utterance, tally: Tally
    ) -> list[TurnEvent]:
        if not (isinstance(event, TurnPaused) and event.asks):
            return []
        began = time.process_time()
        key = (id(said), start, event.end)
        if key not in self._known:
            self._known[key] = self._judge.finished(hearing.read(start, event.end))
            tally.cpu_s += time.process_time() - began
            tally.asked += 1
        return list(hearing.judged(event.end, self._known[key] >= FINISHED))


class Surroundings:
    """The microphone's own noise, and where `noise` is heard, that 10 dB below the speech."""

    def __init__(self, noise: NDArray[np.float64]) -> None:
        self._noise = noise
        self._random = np.random.default_rng(1)

    def __str__(self) -> str:
        return f"in a kitchen {SNR_DB:.0f} dB below"

    def around(self, sound: NDArray[np.float64]) -> Utterance:
        lead, tail = (np.zeros(round(s * CAPTURE_RATE_HZ)) for s in (LEAD_S, TAIL_S))
        spoken = np.flatnonzero(spoken_frames(sound.astype(np.int16)))
        end = len(lead) + (int(spoken[-1]) + 1) * FRAME_SAMPLES
        whole = np.concatenate([lead, sound, tail])
        whole += self._random.standard_normal(len(whole)) * 32768 * 10 ** (MICROPHONE_DBFS / 20)
        if self._noise.any():
            from_here = np.roll(self._noise, -self._random.integers(len(self._noise)))
            loudness = 32768 * 10 ** ((SPEECH_DBFS - SNR_DB) / 20)
            whole += np.resize(from_here, len(whole)) * (loudness / np.std(self._noise))
        return Utterance(whole.clip(-32768, 32767).astype(np.int16), end)


def as_spoken(path: Path, room: Surroundings) -> Utterance:
    return room.around(at_one_loudness(read_wav(path)))


def with_a_pause(path: Path, room: Surroundings) -> Utterance:
    """A second of silence at the quietest place in the middle of the speech."""
    sound = at_one_loudness(read_wav(path))
    spoken = np.flatnonzero(spoken_frames(sound.astype(np.int16)))
    first, last = int(spoken[0]), int(spoken[-1])
    earliest, latest = (first + round(part * (last - first)) for part in MIDDLE)
    frames = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    loudness = np.convolve(np.mean(frames**2, axis=1), np.ones(3) / 3, "same")
    cut = (earliest + int(np.argmin(loudness[earliest : latest + 1]))) * FRAME_SAMPLES
    silence = np.zeros(round(THINKING_S * CAPTURE_RATE_HZ))
    return room.around(np.concatenate([sound[:cut], silence, sound[cut:]]))


def count(ears: Ears, way: TurnDetection, said: Sequence[Utterance]) -> Tally:
    tally = Tally()
    rules = turn_rules(way)
    assert rules is not None
    for one in said:
        stopped = ears.turns(one, rules, tally)
        tally.cut += any(turn.decided_at < one.end for turn in stopped)
        last = [turn for turn in stopped if turn.decided_at >= one.end]
        tally.waits_ms += [(last[0].decided_at - one.end) / 16] if last else []
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench turns", description=__doc__)
    parser.add_argument("--speech", type=Path, help="a directory of recordings")
    parser.add_argument("--full", action="store_true", help="all orders")
    parser.add_argument("--only", choices=("ends", "answers"))
    options = parser.parse_args()
    files = recordings(options.speech)
    orders = files.orders
    orders = orders if options.full else orders[:: max(1, -(-len(orders) // MOST_RECORDINGS))]
    good = options.only == "answers" or ends(orders, files.kitchen)
    if options.only != "ends":
        some = orders[:: max(1, -(-len(orders) // MOST_ANSWERS))]
        with asyncio.Runner(loop_factory=IdleMachine) as runner:
            good = runner.run(answers(some)) and good
    return 0 if good else 1


def ends(orders: Sequence[Path], kitchen: Path) -> bool:
    """How turns end; whether it is within its budgets."""
    ears, room = Ears(), Surroundings(np.zeros(1))
    noisy = Surroundings(read_wav(kitchen).astype(np.float64))
    fluent = show("as spoken", ears, [as_spoken(path, room) for path in orders])
    show(f"as spoken, {noisy}", ears, [as_spoken(path, noisy) for path in orders])
    thinking = [with_a_pause(path, room) for path in orders]
    slow = show(f"with {THINKING_S:g} s of silence inside", ears, thinking)
    print(f"sessions that do not say: {DetectionConfig().mode} {DetectionConfig().eagerness}")
    wait, cut = float(np.median(fluent.waits_ms)), slow.cut / len(thinking)
    good = wait <= WAIT_BUDGET_MS and cut <= CUT_BUDGET
    print(f"semantic_vad: p50 {wait:.0f} ms, budget {WAIT_BUDGET_MS:.0f} ms; ", end="")
    print(f"thinkers cut {100 * cut:.0f} %, budget {100 * CUT_BUDGET:.0f} %", end="")
    print("" if good else ": MISSED")
    return good


async def answers(orders: Sequence[Path]) -> bool:
    """How long one waits for an answer; whether that is within its budget."""
    room = Surroundings(np.zeros(1))
    said = [as_spoken(path, room) for path in orders]
    engine = LocalEngine(RelayConfig().local, "", local_time)
    judge = TurnJudge()
    await engine.start()
    await judge.start()
    print(f"{len(said)} orders answered, milliseconds from the last word, p50 / p90")
    print(f"  {'':<20}{'in advance':>12}{'end of turn':>16}{'first sound':>16}")
    worst = 0.0
    for thinks_s in (0.0, THINKS_S):
        for name in ("server_vad 500 ms", "semantic_vad high"):
            for speculate in (False, True):
                thinking = Thinking(engine, thinks_s)
                waits, used = [], list[bool]()
                for one in said:
                    alone = Alone(thinking, judge, WAYS[name], speculate)
                    waits.append(await alone.hear(one.sound, one.end))
                    used += alone.used
                turn, sound = np.array([wait for wait in waits if wait]).T
                what = name if not thinks_s else f"{name.split()[0]}, thinks"
                print(
                    f"  {what:<20}{f'{sum(used)} of {len(used)}' if speculate else 'no':>12}"
                    f"{spread(turn)}{spread(sound)}",
                    flush=True,
                )
                if speculate and not thinks_s:
                    worst = max(worst, float(np.median(sound)))
    await engine.close()
    await judge.close()
    good = worst <= ANSWER_BUDGET_MS
    print(f"without thinking: p50 {worst:.0f} ms, budget {ANSWER_BUDGET_MS:.0f} ms", end="")
    print("" if good else ": MISSED")
    return good


def spread(waits: NDArray[np.float64]) -> str:
    p50, p90 = np.percentile(waits, [50, 90])
    return f"{p50:10.0f}{p90:6.0f}"


def show(what: str, ears: Ears, said: Sequence[Utterance]) -> Tally:
    """Print all ways; the tally of `semantic_vad` as it is by default."""
    print(f"{len(said)} orders, {what}")
    print(f"  {'':<20}{'cut %':>8}{'p50 ms':>8}{'p90 ms':>8}{'asked':>8}{'CPU ms each':>14}")
    tallies = {name: count(ears, way, said) for name, way in WAYS.items()}
    for name, tally in tallies.items():
        p50, p90 = np.percentile(tally.waits_ms, [50, 90]) if tally.waits_ms else (np.nan, np.nan)
        each = f"{1000 * tally.cpu_s / tally.asked:14.0f}" if tally.asked else ""
        print(
            f"  {name:<20}{100 * tally.cut / len(said):8.0f}{p50:8.0f}{p90:8.0f}"
            f"{tally.asked:8}{each}",
            flush=True,
        )
    return tallies["semantic_vad auto"]


if __name__ == "__main__":
    sys.exit(main())
