"""What the page on the protocol says of headers and paths is what the programs read."""

import re
from functools import cache

import pytest

from edgevoice.config import LimitsConfig
from edgevoice.identity import call_token
from edgevoice.realtime import context_claim, wire
from edgevoice.relay.announcing import pages as announcing
from edgevoice.relay.turns import wake_phrase
from edgevoice.webrtc import media_header
from edgevoice.webrtc.line import SILENCE_S
from tests.docs.pages import ROOT, text

PAGE = text(ROOT / "docs" / "protocol.md")
FLAT = " ".join(PAGE.split())
ROUTE = re.compile(r'(?:add_\w+\(|\b(?:PATH|ME|PROBE|CONVERSATIONS) = )"(/[a-z][a-z0-9_/]*)')


@cache
def sources(folder: str) -> str:
    files = sorted((ROOT / "edgevoice" / folder).rglob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def example(header: str) -> str:
    """The value that the page shows."""
    (value,) = re.findall(rf"^\| `{header}` \|[^|]*\| `([^`]+)`", PAGE, re.MULTILINE)
    return value


def test_every_header_of_ours_is_told_and_no_other():
    ours = re.compile(r"Edgevoice-[A-Z]\w+")
    read = "".join(map(sources, ("link", "relay", "realtime", "webrtc")))
    assert set(ours.findall(PAGE)) == set(ours.findall(read))


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("Edgevoice-Wake", wake_phrase.parse_header),
        ("Edgevoice-Conversation", context_claim.parse_header),
        ("Edgevoice-Media", media_header.parse),
    ],
)
def test_the_examples_are_read_by_those_who_read_them(header, read):
    assert read(example(header))


def test_a_media_header_as_we_write_it():
    shown = example("Edgevoice-Media")
    assert media_header.parse(shown).header() == shown


def test_every_path_of_the_relay_is_told():
    paths = set(ROUTE.findall(sources("relay"))) - {"/live/page", "/live/icon"}
    assert len(paths) > 10
    assert not {path for path in paths if path.rstrip("/") not in PAGE}


def test_the_limits_are_those_that_are_kept():
    limits = LimitsConfig()
    kilobytes = wire.LIMIT_BYTES // 1024
    assert f"Messages have {kilobytes} kB at most" in FLAT
    assert f"{wire.LIMIT_NESTING} levels, and {limits.events_per_s} a second" in FLAT
    assert f"good for {call_token.LIFE_S} seconds, once" in FLAT
    assert f"announcements?wait={announcing.MOST_WAIT_S:g}" in FLAT
    assert f"dead after {SILENCE_S:g} s of silence" in FLAT
