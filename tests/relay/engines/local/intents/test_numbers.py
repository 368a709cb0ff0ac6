"""Numbers and spans of time as they are spoken."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.intents.durations import duration, find_duration, say_duration
from edgevoice.relay.engines.local.intents.numbers import SCALES, SMALL, TENS, number, say_number


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("twenty five", 25),
        ("ten and a half", "21/2"),
        ("a half", "1/2"),
        ("three quarters", "3/4"),
        ("two and three quarters", "11/4"),
        ("2 1/2", "5/2"),
        ("two thirds", "2/3"),
        ("3.5", "7/2"),
        ("three point one four", "3.14"),
        ("minus five", -5),
        ("a hundred", 100),
        ("two hundred and five", 205),
        ("twelve hundred", 1200),
        ("one thousand two hundred and thirty four", 1234),
        ("five million", 5_000_000),
        ("a dozen", 12),
    ],
)
def test_numbers_are_understood_exactly(words, value):
    assert number(words) == Fraction(value)


@pytest.mark.parametrize("words", ["one two", "five and six", "twenty nineteen", "1/0", "and", ""])
def test_two_numbers_are_not_one(words):
    assert number(words) is None


def in_words(value: int) -> str:
    """The number as English has it; written anew here to check the reading of it."""
    small = {number: word for word, number in SMALL.items()}
    tens = {number: word for word, number in TENS.items() if word != "fourty"}
    if value < 20:
        return small[value]
    if value < 100:
        return tens[value - value % 10] + (f" {small[value % 10]}" if value % 10 else "")
    if value < 1000:
        rest = f" and {in_words(value % 100)}" if value % 100 else ""
        return f"{small[value // 100]} hundred{rest}"
    name, size = max((pair for pair in SCALES.items() if pair[1] <= value), key=lambda p: p[1])
    rest = value % size
    joint = "" if not rest else " and " if rest < 100 else " "
    return f"{in_words(value // size)} {name}{joint}{in_words(rest) if rest else ''}"


@given(st.integers(0, 10**12 - 1))
def test_every_whole_number_is_read_back_from_its_words(value):
    assert number(in_words(value)) == value


@given(st.integers(-(10**6), 10**6), st.sampled_from([1, 10, 100]))
def test_what_is_said_in_figures_is_the_number(value, parts):
    said = say_number(Fraction(value, parts)).replace("minus ", "-").replace(",", "")
    assert Fraction(said) == Fraction(value, parts)


@pytest.mark.parametrize(
    ("value", "said"),
    [("1/3", "about 0.33"), ("1234567", "1,234,567"), ("1500", "1500"), ("0.04", "0.04")],
)
def test_numbers_are_said_for_the_ear(value, said):
    assert say_number(Fraction(value)) == said


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("half an hour", 1800),
        ("an hour and a half", 5400),
        ("one and a half hours", 5400),
        ("1 hour 30 minutes", 5400),
        ("two hours and five minutes", 7500),
        ("a quarter of an hour", 900),
        ("three quarters of an hour", 2700),
        ("ninety seconds", 90),
        ("two and a half minutes", 150),
        ("a minute", 60),
        ("5 min", 300),
        ("1:30", 90),
        ("1:00:05", 3605),
        ("a day", 86_400),
    ],
)
def test_durations(words, seconds):
    assert duration(words) == seconds


@pytest.mark.parametrize("words", ["ten", "zero minutes", "minutes", "ten minutes of", ""])
def test_no_duration(words):
    assert duration(words) is None


def test_a_duration_is_found_among_other_words():
    assert find_duration("pasta for ten minutes please") == (600, "pasta for please")
    assert find_duration("no time at all") is None


@given(st.integers(1, 23), st.integers(0, 59))
def test_what_is_said_about_a_duration_means_the_same_duration(hours, minutes):
    seconds = hours * 3600 + minutes * 60
    assert duration(say_duration(seconds)) == seconds


def test_durations_are_said_with_two_units():
    assert say_duration(90) == "1 minute and 30 seconds"
    assert say_duration(3661) == "1 hour and 1 minute"
    assert say_duration(0) == "0 seconds"
