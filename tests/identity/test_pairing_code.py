"""Device and relay come to the same code, and nobody between them does."""

import time

from edgevoice.identity.pairing_code import (
    LENGTH,
    LETTERS,
    pairing_code,
    proof_message,
    shown,
    typed,
)

SEEN = ("A" * 43, "https://relay.lan:8790", "0" * 64, "ab" * 16)


def test_both_ends_come_to_the_same_code():
    assert pairing_code(*SEEN) == pairing_code(*SEEN) == "CZZGTGZR"


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
