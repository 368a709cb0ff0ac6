"""The vocabulary of the speech recognition, and how it is spelled."""

from edgevoice.errors import ModelError
from edgevoice.relay.engines.local.tokens import read_pieces, spell
from tests.fuzzing.scratch import written


def contract(data: bytes) -> None:
    """ModelError, or pieces of which any may be said."""
    try:
        pieces = read_pieces(written("tokenizer.bin", data))
    except ModelError:
        return
    assert sum(map(len, pieces)) <= len(data)
    assert isinstance(spell(range(len(pieces) + 1), pieces), str)
