"""Moonshine's vocabulary file."""

import pytest

from edgevoice.errors import ModelError
from edgevoice.relay.engines.local.tokens import read_pieces, spell

PIECES = [b"<s>", "▁What".encode(), "▁time".encode(), b"?", b"<0xC3>", b"<0xA9>", b"<"]


def test_words_begin_where_the_mark_is():
    assert spell([0, 1, 2, 3], PIECES) == "What time?"


def test_bytes_make_letters_that_are_no_piece():
    assert spell([1, 4, 5, 6], PIECES) == "Whaté<"


def test_what_is_no_byte_says_nothing():
    assert spell([0, 1, 2], [b"<0xZZ>", b"<0x\xff\xff>", b"fine"]) == "fine"


def test_tokens_beyond_the_vocabulary_say_nothing():
    assert spell([1, 99], PIECES) == "What"


def test_a_long_piece_has_a_two_byte_length(tmp_path):
    path = tmp_path / "tokenizer.bin"
    long = b"x" * 300
    path.write_bytes(bytes([3]) + b"abc" + bytes([128 + 300 % 128, 300 // 128]) + long)
    assert read_pieces(path) == [b"abc", long]


@pytest.mark.parametrize("data", [b"", bytes([9]) + b"abc"])
def test_a_damaged_file_says_what_to_do(tmp_path, data):
    path = tmp_path / "tokenizer.bin"
    path.write_bytes(data)
    with pytest.raises(ModelError, match="run scripts/setup"):
        read_pieces(path)
