"""Sentences come out early, and nothing is lost between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.sentences import LONGEST, SentenceSplitter, split


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It rains. Take a coat!", ["It rains. ", "Take a coat!"]),
        ("Really? Yes. Sure", ["Really? ", "Yes. ", "Sure"]),
        ("Dr. Smith is here. He waits.", ["Dr. Smith is here. ", "He waits."]),
        ("It costs 3.50 dollars. Cheap.", ["It costs 3.50 dollars. ", "Cheap."]),
        ("See J. K. Rowling. Now.", ["See J. K. Rowling. ", "Now."]),
        ("At 5 p.m. we go. Good.", ["At 5 p.m. we go. ", "Good."]),
        ("Apples, e.g. Fuji, are sweet. Yes.", ["Apples, e.g. Fuji, are sweet. ", "Yes."]),
        ('He said "Stop." Then he left.', ['He said "Stop." ', "Then he left."]),
        ("One\nTwo\n\nThree", ["One\n", "Two\n\n", "Three"]),
        ("What...  well", ["What...  well"]),
        ("", []),
        ("  ", []),
    ],
)
def test_where_sentences_end(text, sentences):
    assert split(text) == sentences


def test_a_sentence_is_out_as_soon_as_the_next_word_begins():
    splitter = SentenceSplitter()
    assert splitter.push("It is four. ") == []
    assert splitter.push("Y") == ["It is four. "]
    assert splitter.finish() == ["Y"]


def test_nothing_is_said_twice():
    splitter = SentenceSplitter()
    splitter.push("One. Two.")
    assert splitter.finish() == ["Two."]
    assert splitter.finish() == []


def test_a_sentence_too_long_to_wait_for_is_cut_at_a_comma():
    clause = "and then there was another thing, "
    first = SentenceSplitter().push(clause * 10)[0]
    assert len(first) <= LONGEST
    assert first.endswith(", ")


def test_without_a_comma_it_is_cut_between_words():
    first = SentenceSplitter().push("word " * 80)[0]
    assert len(first) <= LONGEST
    assert first.endswith("word ")


def test_an_eager_one_gives_out_the_first_clause_of_a_sentence_that_is_still_written():
    splitter = SentenceSplitter(eager=True)
    assert splitter.push("Well, light from the sun is scattered, ") == [
        "Well, light from the sun is scattered, "
    ]
    assert splitter.push("and blue light is scattered more than red, because") == []
    assert splitter.push(" so. Yes") == ["and blue light is scattered more than red, because so. "]


def test_a_short_clause_or_a_whole_sentence_is_not_torn():
    assert SentenceSplitter(eager=True).push("Well, light from the sun") == []
    whole = "I can tell the time and the date, set timers, and switch lamps."
    assert SentenceSplitter(eager=True).push(whole) == []


prose = st.text(st.sampled_from('ab ,.!?\n3D"é'), max_size=400)


@given(prose, st.lists(st.integers(1, 40), max_size=30), st.booleans())
def test_joined_they_are_the_text_however_it_arrives(text, sizes, eager):
    splitter, sentences, at = SentenceSplitter(eager=eager), [], 0
    for size in [*sizes, len(text)]:
        sentences += splitter.push(text[at : at + size])
        at += size
    sentences += splitter.finish()
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence.strip() and len(sentence) <= LONGEST + 1 for sentence in sentences[:-1])


@given(prose)
def test_letter_by_letter_gives_the_same_sentences(text):
    splitter = SentenceSplitter()
    sentences = [sentence for letter in text for sentence in splitter.push(letter)]
    said = [sentence.strip() for sentence in sentences + splitter.finish()]
    assert said == [sentence.strip() for sentence in split(text)]
