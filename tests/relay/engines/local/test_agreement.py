"""Words settle once two hypotheses agree on them."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.agreement import Agreement


def settled(*hypotheses: str) -> list[str]:
    agreement = Agreement()
    return [agreement.add(hypothesis) for hypothesis in hypotheses]


def test_one_hypothesis_settles_nothing():
    assert settled("set a timer") == [""]


def test_what_two_agree_on_is_settled_but_for_the_last_word():
    assert settled("set a time", "set a timer for") == ["", "set a"]


def test_settled_words_are_not_told_again():
    assert settled("turn on", "turn on the", "turn on the lamp", "turn on the lamp") == [
        *("", "turn on", " the", "")
    ]


def test_a_change_of_mind_before_the_end_settles_nothing_after_it():
    assert settled("said a timer for", "set a timer for") == ["", ""]


def test_commas_and_capitals_are_no_disagreement():
    assert settled("Alexa what time", "Alexa, What time is") == ["", "Alexa, What time"]


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=8))
def test_it_never_takes_a_word_back_and_never_settles_more_than_was_said(hypotheses):
    told = settled(*(" ".join(words) for words in hypotheses))
    assert len("".join(told).split()) <= max((len(words) for words in hypotheses), default=0)
    assert not "".join(told).startswith(" ")
    assert "  " not in "".join(told)
