"""Cuts: how soon a broken path is noticed, how soon talk goes on, and whether a word is missing.

    scripts/bench cuts [--runs 3] [--only answer]

`edgevoice run` asks a parrot a question of six seconds over a line with 20 ms round trip
(edgevoice/simulator/outage.py). In mid-sentence or in mid-answer the line is cut for a
while, both ways and without a word, or the board gets another address. Root only.

noticed   from the cut until the device says that it is connecting
again     from the mending until there is a session again
answer    how long the answer was heard; the parrot repeats every word it was told
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from edgevoice.simulator.namespace import missing
from edgevoice.simulator.outage import Moment, Report, suffer
from edgevoice.simulator.wide_area import WideArea

NOTICED_S, AGAIN_S = 2.0, 4.0
MORE_S = 0.8
"""An answer with a pause in it sounds this much longer at most."""

TROUBLES: tuple[tuple[str, Callable[[WideArea], None], float], ...] = (
    ("nothing", lambda area: None, 0.0),
    ("cut for 1 s", lambda area: area.cut(), 1.0),
    ("cut for 3 s", lambda area: area.cut(), 3.0),
    ("cut for 10 s", lambda area: area.cut(), 10.0),
    ("other address", lambda area: area.change_address(), 0.0),
)


async def measure(moment: Moment, trouble: str, runs: int) -> list[Report]:
    what, seconds = next((do, s) for name, do, s in TROUBLES if name == trouble)
    reports = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            reports.append(await suffer(Path(folder), moment, what, seconds))
    return reports


def fails(report: Report, whole_s: float) -> bool:
    return (
        (report.noticed_s or 0.0) > NOTICED_S
        or report.again_s > AGAIN_S
        or report.lost > 0
        or report.outcome != "answered"
        or not whole_s - 0.1 <= report.answer_s <= whole_s + MORE_S
    )


def row(reports: list[Report]) -> str:
    noticed = [report.noticed_s for report in reports if report.noticed_s is not None]
    again = max(report.again_s for report in reports)
    answers = "/".join(f"{report.answer_s:.1f}" for report in reports)
    lost = sum(report.lost for report in reports)
    seen = f"{max(noticed):.2f}" if noticed else "no break"
    return f"{seen:>10} {again:8.2f} {lost:6} {answers:>18}"


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("sentence", "answer"))
    options = parser.parse_args()
    if reason := missing():
        sys.exit(f"cuts: {reason}")
    print(f"budget: noticed {NOTICED_S:g} s, again {AGAIN_S:g} s, nothing lost")
    print(f"{'in mid-':10} {'':14} {'noticed s':>10} {'again s':>8} {'lost':>6} {'answer s':>18}")
    failed = False
    moments: tuple[Moment, ...] = ("sentence", "answer")
    for moment in moments:
        if options.only not in (None, moment):
            continue
        whole_s = 0.0
        for name, _, _ in TROUBLES:
            reports = await measure(moment, name, options.runs)
            whole_s = whole_s or min(report.answer_s for report in reports)
            bad = any(fails(report, whole_s) for report in reports)
            failed |= bad
            print(f"{moment:10} {name:14} {row(reports)}{'  MISSED' if bad else ''}", flush=True)
    return int(failed)


sys.exit(asyncio.run(main()))
