"""Which words had begun to sound by when."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.answers.spoken import Spoken


def answer(*milliseconds: int) -> Spoken:
    """Sentences A, B, C... of these lengths."""
    spoken = Spoken()
    for letter, ms in zip("ABCDEFGHIJ", milliseconds, strict=False):
        spoken.add_text(letter)
        spoken.add_audio(ms * 24)
    return spoken


def test_uncut_and_complete_all_was_heard():
    spoken = answer(100, 0)
    assert spoken.heard == "A"
    spoken.complete = True
    assert spoken.heard == "AB"


def test_a_piece_is_heard_once_its_sound_has_begun():
    for at_ms, heard in [(0, ""), (1, "A"), (100, "A"), (101, "AB"), (999, "ABC")]:
        spoken = answer(100, 100, 100)
        spoken.complete = True
        spoken.cut(at_ms)
        assert spoken.heard == heard


def test_a_later_cut_only_shortens():
    spoken = answer(100, 100)
    assert spoken.cut(50) == 50
    assert spoken.cut(150) == 50
    assert spoken.cut(-3) == 0


@given(st.lists(st.integers(0, 500), max_size=9), st.lists(st.integers(-10, 5000), max_size=4))
def test_what_was_heard_is_always_a_beginning(lengths, cuts):
    spoken = answer(*lengths)
    spoken.complete = True
    before = spoken.heard
    for at_ms in cuts:
        assert 0 <= spoken.cut(at_ms) <= spoken.duration_ms
        assert before.startswith(spoken.heard)
        before = spoken.heard
