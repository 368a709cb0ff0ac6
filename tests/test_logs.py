"""Log lines carry a clock for people, and the level is that of edgevoice, not of libraries."""

import io
import json
import logging
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.hardware.system.journal import JournalHandler
from edgevoice.log_fields import log_fields
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
    set_up("info", logging.StreamHandler(out))
    logging.getLogger("edgevoice.daemon").info("ready")
    assert out.getvalue()[8:] == " INFO edgevoice.daemon: ready\n"


def test_the_level_is_for_edgevoice_and_libraries_only_warn() -> None:
    out = io.StringIO()
    set_up("debug", logging.StreamHandler(out))
    logging.getLogger("edgevoice.x").debug("ours")
    logging.getLogger("aiortc").info("theirs")
    logging.getLogger("aiortc").warning("trouble")
    assert [line.rpartition(": ")[2] for line in out.getvalue().splitlines()] == ["ours", "trouble"]


def test_warnings_are_logged() -> None:
    out = io.StringIO()
    set_up("info", logging.StreamHandler(out))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("worn out", UserWarning, stacklevel=1)
    assert "worn out" in out.getvalue()


def test_the_journal_gets_the_message_alone(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "journal"))
        journal.settimeout(10)
        handler = JournalHandler(str(tmp_path / "journal"))
        set_up("info", handler)
        logging.getLogger("edgevoice.daemon").info("ready")
        lines = journal.recv(65_536).decode().splitlines()
        handler.close()
    assert {"MESSAGE=ready", "PRIORITY=6", "LOGGER=edgevoice.daemon"} <= set(lines)


def test_people_are_shown_whose_line_it_is() -> None:
    out = io.StringIO()
    set_up("info", logging.StreamHandler(out))
    with log_fields(session="rtc_1", device="kitchen"):
        logging.getLogger("edgevoice.relay").info("ready")
    logging.getLogger("edgevoice.relay").info("stopped")
    shown = [line.partition(" INFO ")[2] for line in out.getvalue().splitlines()]
    assert shown == ["edgevoice.relay: [rtc_1 kitchen] ready", "edgevoice.relay: stopped"]


def test_the_journal_gets_whose_line_it_is_as_fields(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "journal"))
        journal.settimeout(10)
        handler = JournalHandler(str(tmp_path / "journal"))
        set_up("info", handler)
        with log_fields(session="rtc_1", device="kitchen"):
            logging.getLogger("edgevoice.relay").info("ready", extra={"event": "session.began"})
        lines = set(journal.recv(65_536).decode().splitlines())
        handler.close()
    fields = {
        "EDGEVOICE_SESSION=rtc_1",
        "EDGEVOICE_DEVICE=kitchen",
        "EDGEVOICE_EVENT=session.began",
    }
    assert fields | {"MESSAGE=ready"} <= lines


def test_programs_get_an_object_a_line() -> None:
    out = io.StringIO()
    set_up("info", logging.StreamHandler(out), form="json")
    log = logging.getLogger("edgevoice.relay")
    with log_fields(session="rtc_1"):
        log.info("%s is\nready", "relay", extra={"seconds": 1.5, "message_": "x"})
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("a bug")
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "edgevoice.relay",
        "message": "relay is\nready",
        "session": "rtc_1",
        "seconds": 1.5,
        "message_": "x",
    }
    assert second["exception"].endswith("ValueError: no")


@pytest.mark.slow
def test_a_library_that_hushes_descriptor_2_does_not_hush_the_log() -> None:
    """As sounddevice does while PortAudio looks for cards."""
    code = """
import logging, os, sys
from edgevoice import logs
logs.keep_stderr()
logs.set_up("info")
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
logging.getLogger("edgevoice").info("the speaker is lost")
print("and seen", file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "the speaker is lost" in done.stderr and "and seen" in done.stderr
