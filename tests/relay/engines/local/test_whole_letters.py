"""Letters that come in halves."""

import pytest

from edgevoice.relay.engines.local.whole_letters import WholeLetters, whole


def test_halves_of_two_pieces_are_one_letter() -> None:
    letters = WholeLetters()
    assert [letters.push(piece) for piece in ("Noon \ud83d", "\ude00!")] == ["Noon ", "😀!"]


@pytest.mark.parametrize(
    ("text", "letters"),
    [("", ""), ("Tee für 😀", "Tee für 😀"), ("\ud83d\ude00", "😀"), ("\ude00\ud83d", "��"),
     ("a\ud83db", "a�b")],
)  # fmt: skip
def test_a_half_that_stands_alone_is_replaced(text: str, letters: str) -> None:
    assert whole(text) == letters
    whole(text).encode()
