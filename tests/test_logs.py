"""Log lines carry a priority for the journal and a clock for people."""

import io
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.logs import JournalFormatter, is_journal, set_up


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("edgevoice")
    before = (root.level, root.handlers[:], ours.level)
    for handler in root.handlers[:]:  # set_up closes those it finds; these are pytest's
        root.removeHandler(handler)
    yield
    logging.captureWarnings(False)
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    ours.setLevel(before[2])


def record(level: int, text: str) -> logging.LogRecord:
    return logging.LogRecord("edgevoice.daemon", level, __file__, 1, text, None, None)


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3)],
)
def test_a_level_becomes_a_priority(level: int, priority: int) -> None:
    assert JournalFormatter("%(message)s").format(record(level, "x")) == f"<{priority}>x"


def test_every_line_of_a_record_has_its_priority() -> None:
    assert JournalFormatter().format(record(logging.ERROR, "a\nb")) == "<3>a\n<3>b"


def test_people_get_a_clock_and_no_priority() -> None:
    out = io.StringIO()
    set_up("info", out)
    logging.getLogger("edgevoice.daemon").info("ready")
    assert out.getvalue()[8:] == " INFO edgevoice.daemon: ready\n"


def test_the_level_is_for_edgevoice_and_libraries_only_warn() -> None:
    out = io.StringIO()
    set_up("debug", out)
    logging.getLogger("edgevoice.x").debug("ours")
    logging.getLogger("aiortc").info("theirs")
    logging.getLogger("aiortc").warning("trouble")
    assert [line.rpartition(": ")[2] for line in out.getvalue().splitlines()] == ["ours", "trouble"]


def test_warnings_are_logged() -> None:
    out = io.StringIO()
    set_up("info", out)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("worn out", UserWarning, stacklevel=1)
    assert "worn out" in out.getvalue()


def test_the_journal_is_known_by_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        found = os.fstat(stream.fileno())
        assert is_journal(stream, f"{found.st_dev}:{found.st_ino}")
        assert not is_journal(stream, f"{found.st_dev}:{found.st_ino + 1}")
        assert not is_journal(stream, "")
    assert not is_journal(io.StringIO(), "8:1")
