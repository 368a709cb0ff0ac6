"""Device and relay come to the same code, and nobody between them does."""

import datetime
import time
from datetime import UTC

import pytest

from edgevoice.identity.pairing_code import (
    LENGTH,
    LETTERS,
    authority_sha256,
    pairing_code,
    proof_message,
    shown,
    typed,
)
from edgevoice.relay.access.authority import make_certificates

SEEN = ("A" * 43, "https://relay.lan:8790", "0" * 64, "ab" * 16)


def test_both_ends_come_to_the_same_code():
    assert pairing_code(*SEEN) == pairing_code(*SEEN) == "CZZGTGZR"


@pytest.mark.slow
def test_whoever_changes_anything_changes_the_code():
    changes = [("B" * 43, 0), ("https://relay.lan:8791", 1), ("", 2), ("ac" * 16, 3)]
    codes = {pairing_code(*SEEN)}
    for other, position in changes:
        codes.add(pairing_code(*SEEN[:position], other, *SEEN[position + 1 :]))
    assert len(codes) == 1 + len(changes)


def test_it_can_be_read_aloud_and_typed():
    code = pairing_code(*SEEN)
    assert len(code) == LENGTH
    assert set(code) <= set(LETTERS)
    assert not set(LETTERS) & set("01OILU")
    assert typed(f" {shown(code).lower()} ") == code


def test_guessing_it_is_slow():
    began = time.process_time()
    pairing_code(*SEEN)
    assert time.process_time() - began > 0.01  # 0.1 s on the machine where it was written


def test_nothing_moves_from_one_part_into_another():
    assert proof_message("ab", "c", "") != proof_message("a", "bc", "")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Enough of them that some end in every way base64 can end."""
    folders = [tmp_path_factory.mktemp("tls") for _ in range(8)]
    for folder in folders:
        make_certificates(folder, ["relay.lan"], datetime.datetime(2026, 11, 30, tzinfo=UTC))
    return [(folder / "ca.crt").read_text() for folder in folders]


def test_a_certificate_behind_the_first_is_not_overlooked(certificates):
    """It would be pinned as well, and the code would be the same."""
    his = certificates[-1]
    for ours in certificates:
        assert len(authority_sha256(ours)) == 64
        assert authority_sha256(ours) == authority_sha256("\n" + ours.replace("\n", "\r\n"))
        for together in (ours + his, his + ours, ours + "# ours", "# ours\n" + ours):
            with pytest.raises(ValueError):
                authority_sha256(together)
