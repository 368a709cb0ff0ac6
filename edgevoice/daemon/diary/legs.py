"""The legs of a turn: the time from one mark of its waterfall to another, and whose it is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgevoice.transceiver.actions import Stage


@dataclass(frozen=True, slots=True)
class Leg:
    name: str
    begins: Stage
    ends: Stage
    whose: str


LEGS = (
    Leg("wake word", Stage.WAKE_END, Stage.WAKE_DECIDED, "the device"),
    Leg("connecting", Stage.WAKE_DECIDED, Stage.LINK_OPEN, "the network"),
    Leg("first sound sent", Stage.LINK_OPEN, Stage.FIRST_SAMPLE_SENT, "the device"),
    Leg("interrupting", Stage.SPEECH_START, Stage.ANSWER_SILENCED, "the device"),
    Leg("end of turn", Stage.SPEECH_END, Stage.TURN_COMMITTED, "the relay's turn detection"),
    Leg("thinking", Stage.TURN_COMMITTED, Stage.RESPONSE_CREATED, "the engine"),
    Leg("first words", Stage.RESPONSE_CREATED, Stage.FIRST_ANSWER_SAMPLE, "engine and network"),
)
"""In order of time. They do not overlap; what lies between them is the user's: speaking."""

WAIT = Leg("answer", Stage.SPEECH_END, Stage.FIRST_ANSWER_SAMPLE, "all of it")
"""What the user waited for."""

Marks = Mapping[str, float]
"""Stage and seconds since the first mark, as in a report."""


def legs(marks: Marks) -> dict[str, float]:
    """Seconds by the leg's name, of those that the turn had; the wait among them."""
    found = {}
    for leg in (*LEGS, WAIT):
        begins, ends = marks.get(leg.begins.value), marks.get(leg.ends.value)
        if begins is not None and ends is not None:
            found[leg.name] = max(0.0, ends - begins)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """By the nearest rank: a value that was really measured."""
    ordered = sorted(values)
    rank = -(-share * len(ordered) // 1)
    return ordered[max(0, int(rank) - 1)]


def usual(turns: Iterable[Marks]) -> dict[str, dict[str, float]]:
    """p50 and p95 of every leg, and of how many turns."""
    measured: dict[str, list[float]] = {}
    for marks in turns:
        for name, seconds in legs(marks).items():
            measured.setdefault(name, []).append(seconds)
    return {
        leg.name: {
            "p50_s": round(percentile(measured[leg.name], 0.5), 4),
            "p95_s": round(percentile(measured[leg.name], 0.95), 4),
            "turns": len(measured[leg.name]),
        }
        for leg in (*LEGS, WAIT)
        if leg.name in measured
    }


ENOUGH_TURNS = 5
"""Fewer say nothing about what is usual; then `SLOW_S` alone is slow."""
SLOW_S = 3.0
MARGIN_S = 0.3


def is_slow(marks: Marks, before: Mapping[str, Mapping[str, float]]) -> bool:
    """Half as long again as usual and noticeably so, or long whatever is usual."""
    wait_s = legs(marks).get(WAIT.name)
    known = before.get(WAIT.name)
    if wait_s is None:
        return False
    if known is None or known["turns"] < ENOUGH_TURNS:
        return wait_s >= SLOW_S
    return wait_s > max(1.5 * known["p50_s"], known["p50_s"] + MARGIN_S)


def worst(marks: Marks, before: Mapping[str, Mapping[str, float]]) -> tuple[Leg, float, float]:
    """The leg of the wait that took longest beyond what is usual: it, its time, the usual one."""
    took = legs(marks)
    within = [leg for leg in LEGS[4:] if leg.name in took] or [WAIT]
    normal = {leg.name: before.get(leg.name, {}).get("p50_s", 0.0) for leg in within}
    leg = max(within, key=lambda leg: took.get(leg.name, 0.0) - normal[leg.name])
    return leg, took.get(leg.name, 0.0), normal[leg.name]
