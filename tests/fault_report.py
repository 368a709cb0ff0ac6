"""Which faults a run has produced, and what was measured: `pytest --fault-report FILE`.

The file is JSON: the test's id -> {"faults": [...], "outcome": "...", "measured": [...]}.
Works with any number of workers: what a test found out travels in its report.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import FAULTS

Measured = Callable[[str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-report", type=Path, metavar="FILE", help="what faults brought about")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--fault-report")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(file))


def produced_by(item: pytest.Item) -> list[str]:
    """The faults of a test. pytest.UsageError if one of them has no row in the table."""
    names = [name for mark in item.iter_markers("fault") for name in mark.args]
    if unknown := [name for name in names if name not in FAULTS]:
        raise pytest.UsageError(f"{item.nodeid}: tests/faults.py has no {', '.join(unknown)}")
    return names


def pytest_itemcollected(item: pytest.Item) -> None:
    if names := produced_by(item):
        item.user_properties.append(("faults", names))


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Called with what came of the fault, in the table's words: `heard again after 3.1 s`."""
    return lambda words: record_property("measured", words)


class Report:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._tests: dict[str, dict[str, object]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known = dict(report.user_properties)
        if "faults" not in known or (report.when != "call" and report.passed):
            return
        measured = [words for name, words in report.user_properties if name == "measured"]
        self._tests[report.nodeid] = {
            "faults": known["faults"],
            "outcome": report.outcome,
            "measured": measured,
        }

    def pytest_sessionfinish(self) -> None:
        self._file.write_text(json.dumps(self._tests, indent=1, sort_keys=True) + "\n")
