"""The wake phrase goes, however it was spelt; what was said stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.wake_phrase import distance, without_wake_phrase


@pytest.mark.parametrize(
    ("heard", "name", "left"),
    [
        ("Alexa, what time is it?", "alexa", "What time is it?"),
        ("Alexa what time is it?", "alexa", "What time is it?"),
        ("A lexa, stop", "alexa", "Stop"),
        ("Alexis, stop.", "alexa", "Stop."),
        ("Lexa stop", "alexa", "Stop"),
        ("Alexa Alexa, stop", "alexa", "Stop"),
        ("Alexa", "alexa", ""),
        ("Alexa.", "alexa", ""),
        ("Hey, Jervis. Turn on the lamp.", "hey_jarvis", "Turn on the lamp."),
        ("A. Jervis", "hey_jarvis", ""),
        ("Jarvis, stop", "hey_jarvis", "Stop"),
        ("Hey my croft turn on the lamb", "hey_mycroft", "Turn on the lamb"),
        ("Ok nabu, stop", "okay_nabu", "Stop"),
        ("Computer... stop", "computer", "Stop"),
    ],
)
def test_the_phrase_is_taken_off(heard, name, left):
    assert without_wake_phrase(heard, name) == left


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("What time is it?", "alexa"),
        ("Select the first one", "alexa"),
        ("Let's go", "alexa"),
        ("Relax, don't do it", "alexa"),
        ("Electric light on", "alexa"),
        ("A lecture on physics", "alexa"),
        ("Turn on the lamp", "alexa"),
        ("Service is bad", "hey_jarvis"),
        ("Hey, how are you?", "hey_jarvis"),
        ("My coffee is cold", "hey_mycroft"),
        ("Okay, turn on the lamp", "okay_nabu"),
        ("Alexa, stop", None),
        ("Alexa, stop", ""),
    ],
)
def test_ordinary_words_survive(said, name):
    assert without_wake_phrase(said, name) == said


def test_only_the_beginning_is_looked_at():
    said = "Ask my friend Alexa about it"
    assert without_wake_phrase(said, "alexa") == said


@given(st.text(), st.sampled_from(["alexa", "hey_jarvis", "_", "x", "ümlaut"]))
def test_any_text_is_left_whole_or_shortened_from_the_front(text, name):
    left = without_wake_phrase(text, name)
    assert text.casefold().endswith(left.casefold())


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_distance_is_a_distance(one, two, three):
    assert (distance(one, two) == 0) == (one == two)
    assert distance(one, two) == distance(two, one)
    assert distance(one, three) <= distance(one, two) + distance(two, three)
