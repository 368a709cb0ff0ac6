"""Moonshine's vocabulary: numbers to words. A file of length-prefixed pieces."""

import re
from collections.abc import Sequence
from pathlib import Path

from edgevoice.errors import ModelError

_TWO_BYTES = 0x80
_WORD_START = "▁"
_BYTE = re.compile(rb"<0x([0-9A-Fa-f]{2})>")


def read_pieces(path: Path) -> list[bytes]:
    """The pieces in order; a length of 128 and more takes a second byte."""
    data, pieces, at = path.read_bytes(), [], 0
    while at < len(data):
        length, at = data[at], at + 1
        if length >= _TWO_BYTES and at < len(data):
            length, at = data[at] * _TWO_BYTES + length - _TWO_BYTES, at + 1
        pieces.append(data[at : at + length])
        at += length
    if at != len(data) or not pieces:
        raise ModelError(f"model {path} is damaged; remove it and run scripts/setup")
    return pieces


def spell(tokens: Sequence[int], pieces: Sequence[bytes]) -> str:
    """The text; control pieces such as `<s>` say nothing, `<0xE2>` is a byte."""
    data = b"".join(_bytes_of(pieces[token]) for token in tokens if token < len(pieces))
    return data.decode("utf-8", "replace").replace(_WORD_START, " ").strip()


def _bytes_of(piece: bytes) -> bytes:
    if len(piece) > 2 and piece.startswith(b"<") and piece.endswith(b">"):
        byte = _BYTE.fullmatch(piece)
        return bytes([int(byte[1], 16)]) if byte else b""
    return piece
