"""Log lines carry a clock for people, and the level is that of edgevoice, not of libraries."""

import io
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.hardware.journal import JournalHandler
from edgevoice.logs import set_up


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


def test_a_stream_that_is_not_the_journal_s_is_for_people() -> None:
    out = io.StringIO()
    set_up("info", out, {"JOURNAL_STREAM": "8:1"})
    logging.getLogger("edgevoice.daemon").error("trouble")
    assert out.getvalue().endswith("ERROR edgevoice.daemon: trouble\n")


def test_the_journal_gets_the_message_alone(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as stream:
        found = os.fstat(stream.fileno())
        set_up("info", stream, {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
    (handler,) = logging.getLogger().handlers
    if not isinstance(handler, JournalHandler):
        pytest.skip("no journal runs here")
    ready = logging.makeLogRecord({"msg": "ready", "name": "edgevoice"})
    assert handler.format(ready) == "ready"
    handler.close()
