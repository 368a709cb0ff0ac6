"""scripts/faults: makes the table of faults of what a run has reported.

table.py REPORT           prints it
table.py REPORT --write   writes docs/faults.md; every fault must have been seen
"""

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.faults import FAULTS, SUBJECTS, Fault, marked_tests  # noqa: E402

PAGE = ROOT / "docs/faults.md"
Report = Mapping[str, Mapping[str, object]]

HEAD = """# Faults

What a kitchen can do to a voice assistant, done on purpose: a sound server is killed, a network \
taken away, a disk filled, a clock set wrong; what no machine without a board has (a button, a \
light, a card of some kind) and other people's servers are played. Tests assert what the owner \
sees, what is logged, and that nothing is lost. Made by \
`scripts/faults --write`; `tests/test_faults.py` fails when a fault has no test.

{subjects}

Measured on {day}, {machine}, one test at a time. \
Times in virtual time (the clock of the test) are what the program waits by itself; the others \
include the machine.
"""


def page(report: Report, day: date) -> str:
    subjects = "\n\n".join(
        f"## {subject}\n\n{table(faults, report)}" for subject, faults in SUBJECTS.items()
    )
    machine = f"{platform.machine()}, Linux {platform.release()}, Python {sys.version.split()[0]}"
    return HEAD.format(subjects=subjects, day=day, machine=machine)


def table(faults: tuple[Fault, ...], report: Report) -> str:
    rows = ["| fault | promised | measured | test |", "|---|---|---|---|"]
    tests = marked_tests()
    for fault in faults:
        ids = tests.get(fault.name, [])
        links = "<br>".join(f"[{_short(test)}](../{test.split('::')[0]})" for test in ids)
        measured = "<br>".join(measurements(fault.name, report))
        rows.append(f"| {fault.what} | {fault.promised} | {measured} | {links} |")
    return "\n".join(rows)


def measurements(name: str, report: Report) -> Iterator[str]:
    """What the tests of a fault have measured, each said once."""
    said = set()
    for test in report.values():
        if name in test["faults"]:
            for words in test["measured"]:
                if words not in said:
                    said.add(words)
                    yield words


def _short(test: str) -> str:
    return "`" + test.rsplit("::", 1)[-1].removeprefix("test_").replace("_", " ") + "`"


def not_seen(report: Report) -> Iterator[str]:
    """Why the report does not cover every fault."""
    for test, found in report.items():
        if found["outcome"] != "passed":
            yield f"{test} {found['outcome']}"
    seen = {name for found in report.values() for name in found["faults"]}
    yield from (f"{name} was not produced" for name in FAULTS if name not in seen)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    report = json.loads(options.report.read_text())
    text = page(report, datetime.now(UTC).date())
    if not options.write:
        print(text)
        return 0
    if missing := list(not_seen(report)):
        print(*missing, sep="\n", file=sys.stderr)
        print(f"faults: {PAGE.relative_to(ROOT)} stays as it is", file=sys.stderr)
        return 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    print(f"faults: {len(FAULTS)} of {len(FAULTS)} produced, see {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
