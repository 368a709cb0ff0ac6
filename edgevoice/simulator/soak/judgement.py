"""What counts as flat, and why. Pure.

Counts (descriptors, tasks, threads) are compared where nothing goes on: between two
conversations there is no reason for one more than an hour before, so they must not be more in
the last third than in the first, unless the slope is not to be told from nothing and the
least of each third does not rise from one to the next: one that comes late stays one.

Memory never stands still. Python and glibc come to rest slowly, and what is kept of the last
hours fills up to its bounds: 1,000 steps of the flight, 500 turns of the diary. What must not
be is growth with the number of conversations, without end. The bound is
`MOST_KB_PER_CONVERSATION`: a kitchen of fifty conversations a day would take from a device
1.5 MB a day. The 200 MB between its idle size and the `MemoryMax` of its unit would last four
months, and in each of them it is restarted by an update. With the rate of this run that is a
slope, and the run is flat where the middle of the interval is below it, or where the interval
does not tell it from nothing: a relay's memory goes up and down by 10 MB with what an answer
needs. A longer run narrows the interval and tells smaller leaks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeGuard

from edgevoice.simulator.soak.flatness import Point, Slope, Trend, trend

MOST_KB_PER_CONVERSATION = 30.0
WARM_UP_S, WARM_UP_PART = 240.0, 0.4
"""After the start of a process, or this part of a shorter run. The flight, 1,000 steps with
their events, is some 1.2 MB and full after twenty-five conversations."""
SPELL_S = 3.0
"""Between two measurements; a longer pause was no calm one."""
MEMORY_TAKES_S = 200.0
"""In a shorter time it only warms up, and is told but not judged."""
KEPT = 2
"""Connections that are kept for the next request come and go; over a longer time their slope is
none, but two or three points have no slope."""
NOTHING = "nothing was measured"
KB_PER_MB = 1000.0

COUNTS = ("descriptors", "tasks", "threads")
MEMORY = ("rss_mb", "anonymous_mb", "pss_mb")
JUDGED_MEMORY = "anonymous_mb"
"""What a program has allocated. The whole size moves with pages of models and libraries that
the kernel drops and reads again; it is told beside it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One process, looked at once."""

    at_s: float
    program: str
    life: int
    """Counted from 1; a restart begins another."""
    calm: bool
    """Nothing went on, and no fault had just been."""
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    program: str
    quantity: str
    trend: Trend
    bound: float | None
    """Per hour; None: it is told and not judged."""
    complaint: str
    """Empty: it is flat."""


def verdicts(
    samples: Sequence[Sample], minutes: float, conversations_per_hour: float
) -> list[Verdict]:
    """Of each program and quantity, in the order in which they are told."""
    warm_up_s = min(WARM_UP_S, minutes * 60 * WARM_UP_PART)
    bound = MOST_KB_PER_CONVERSATION * conversations_per_hour / KB_PER_MB
    return [
        _judged(program, quantity, lives(samples, program, quantity, warm_up_s), bound)
        for program in dict.fromkeys(sample.program for sample in samples)
        for quantity in (*MEMORY, *COUNTS)
    ]


def lives(
    samples: Sequence[Sample], program: str, quantity: str, warm_up_s: float
) -> list[list[Point]]:
    """A point for each spell in which nothing went on, from some time after each start.

    Measurements of one spell are no independent ones. Of counts the smallest counts: somebody
    who asks (as we do) has a connection and a task for a moment.
    """
    born: dict[int, float] = {}
    found: dict[int, list[list[Point]]] = {}
    for sample in (each for each in samples if each.program == program):
        began = born.setdefault(sample.life, sample.at_s)
        if sample.calm and quantity in sample.values and sample.at_s - began >= warm_up_s:
            spells = found.setdefault(sample.life, [])
            if not spells or sample.at_s - spells[-1][-1].at_s > SPELL_S:
                spells.append([])
            spells[-1].append(Point(sample.at_s, sample.values[quantity]))
    one_of = min if quantity in COUNTS else median
    return [
        [Point(spell[-1].at_s, one_of(point.value for point in spell)) for spell in spells]
        for spells in found.values()
    ]


def _judged(
    program: str, quantity: str, measured: Sequence[Sequence[Point]], bound: float
) -> Verdict:
    found = trend(measured)
    if quantity in COUNTS:
        return Verdict(program, quantity, found, 0.0, _of_count(found))
    if quantity != JUDGED_MEMORY or _length_s(measured) < MEMORY_TAKES_S:
        return Verdict(program, quantity, found, None, "" if found.count else NOTHING)
    return Verdict(program, quantity, found, bound, _of_memory(found, bound))


def _length_s(measured: Sequence[Sequence[Point]]) -> float:
    return max((life[-1].at_s - life[0].at_s for life in measured if life), default=0.0)


def _of_count(found: Trend) -> str:
    if not found.count:
        return NOTHING
    slack = 0 if found.slope is not None else KEPT
    if found.last <= found.first + slack:
        return ""
    if found.slope is not None and not (found.slope.is_growth or found.rises):
        return ""
    return f"{found.last:.0f} at the end, {found.first:.0f} at the beginning"


def _is_over(slope: Slope | None, bound: float) -> TypeGuard[Slope]:
    return slope is not None and slope.middle > bound


def _of_memory(found: Trend, bound: float) -> str:
    if not _is_over(found.slope, bound) or not found.slope.is_growth:
        return ""
    return f"grows by {found.slope.middle:.1f} MB an hour, {bound:.1f} are allowed"


def told(verdict: Verdict) -> str:
    """One line of the summary."""
    found = verdict.trend
    bound = "" if verdict.bound is None else f"  allowed {verdict.bound:.1f}"
    word = verdict.complaint or ("-" if verdict.bound is None else _flat(verdict))
    return (
        f"{verdict.program:<7} {verdict.quantity:<13} {_interval(found.slope)}{bound:<14}"
        f"  {found.first:8.1f} -> {found.last:8.1f}  {word}"
    )


def _flat(verdict: Verdict) -> str:
    is_noise = verdict.quantity in MEMORY and _is_over(verdict.trend.slope, verdict.bound or 0.0)
    return "flat, as far as so short a run can tell" if is_noise else "flat"


def _interval(slope: Slope | None) -> str:
    if slope is None:
        return "too short for a slope".ljust(32)
    return f"{slope.middle:+8.2f}/h [{slope.low:+8.2f}, {slope.high:+8.2f}]"


def complaints(found: Sequence[Verdict]) -> Iterator[str]:
    for verdict in found:
        if verdict.complaint:
            yield f"{verdict.program} {verdict.quantity}: {verdict.complaint}"
