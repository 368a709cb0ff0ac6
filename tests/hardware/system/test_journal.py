"""Records as the journal gets them, decoded by a reader of our own."""

import logging
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.system.journal import JournalHandler, encode, journal_handler


def decode(data: bytes) -> dict[str, str]:
    """The native protocol, read as its specification says."""
    pairs = {}
    while data:
        line, data = data.split(b"\n", 1)
        if b"=" in line:
            name, value = line.split(b"=", 1)
        else:
            name = line
            (length,) = struct.unpack("<Q", data[:8])
            value, data = data[8 : 8 + length], data[8 + length :]
            assert data[:1] == b"\n"
            data = data[1:]
        pairs[name.decode()] = value.decode()
    return pairs


class Journal:
    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = os.path.relpath(path)
        self.socket.bind(address)
        self.socket.settimeout(1)
        self.handler = JournalHandler(address)
        self.logger = logging.Logger("edgevoice.daemon.runner")
        self.logger.addHandler(self.handler)

    def entry(self) -> dict[str, str]:
        return decode(self.socket.recv(1 << 20))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal")
    yield journal
    journal.handler.close()
    journal.socket.close()


def test_a_line_with_its_fields(journal: Journal) -> None:
    journal.logger.warning("link lost", extra={"session": "sess_1", "lost-ms": 250})
    entry = journal.entry()
    assert entry["MESSAGE"] == "link lost"
    assert entry["PRIORITY"] == "4"
    assert entry["SYSLOG_IDENTIFIER"] == "edgevoice"
    assert entry["LOGGER"] == "edgevoice.daemon.runner"
    assert entry["EDGEVOICE_SESSION"] == "sess_1"
    assert entry["EDGEVOICE_LOST_MS"] == "250"


def test_a_turn_is_found_by_hand_and_by_the_long_name(journal: Journal) -> None:
    journal.logger.info("over", extra={"turn": 3, "event": "turn", "outcome": "answered"})
    entry = journal.entry()
    assert (entry["TURN"], entry["EDGEVOICE_TURN"]) == ("3", "3")
    assert (entry["EVENT"], entry["EDGEVOICE_EVENT"]) == ("turn", "turn")
    assert "OUTCOME" not in entry and entry["EDGEVOICE_OUTCOME"] == "answered"


def test_only_what_was_added_becomes_a_field_of_ours(journal: Journal) -> None:
    journal.logger.error("plain")
    assert not [name for name in journal.entry() if name.startswith("EDGEVOICE_")]


def test_a_traceback_stays_in_one_entry(journal: Journal) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        journal.logger.exception("it broke")
    message = journal.entry()["MESSAGE"]
    assert message.startswith("it broke\nTraceback")
    assert message.endswith("ValueError: first\nsecond")


def test_a_huge_line_is_cut_not_lost(journal: Journal) -> None:
    journal.logger.info("x" * 1_000_000)
    assert len(journal.entry()["MESSAGE"]) == 64 * 1024


def test_a_journal_that_is_gone_costs_lines_only(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "journal").unlink()
    journal.logger.info("nobody hears")
    assert journal.handler.lost == 1


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
        max_size=5,
    )
)
def test_whatever_the_values_are_they_arrive(pairs: dict[str, str]) -> None:
    assert decode(encode(pairs)) == pairs


def test_the_journal_is_used_only_where_stderr_leads_to_it() -> None:
    assert journal_handler(sys.__stderr__ or sys.stderr, {}) is None
    assert journal_handler(sys.__stderr__ or sys.stderr, {"JOURNAL_STREAM": "1:1"}) is None
