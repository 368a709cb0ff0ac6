"""Sums and conversions: exact, and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.intents.arithmetic import TOO_LARGE
from tests.relay.engines.local.intents.house import hears


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ("What is two plus two?", "4"),
        ("What's 12 times 12?", "144"),
        ("what's 12 x 12", "144"),
        ("How much is 100 divided by 7?", "about 14.29"),
        ("What's 15% of 80?", "12"),
        ("what is fifteen percent of eighty", "12"),
        ("What's 20 percent off 50?", "40"),
        ("five plus six times two", "17"),
        ("ten minus four minus three", "3"),
        ("what is the square root of 144", "12"),
        ("What is the square root of two?", "about 1.41"),
        ("what's 5 squared", "25"),
        ("2 to the power of 10", "1024"),
        ("What's 1,200 plus 300?", "1500"),
        ("half of fifty", "25"),
        ("what's three and a half times two", "7"),
        ("seven minus ten", "minus 3"),
        ("what's a third of 90", "30"),
        ("0.1 + 0.2", "0.3"),
    ],
)
def test_sums(words, result):
    assert hears(words) == f"That's {result}."


def test_what_has_no_answer():
    assert hears("what is one divided by zero") == "Nothing can be divided by zero."
    assert hears("what is 2 to the power of 1000") == TOO_LARGE
    assert hears("999999999999 times 999999999999") == TOO_LARGE
    assert hears("What is 7?") is None


@given(st.integers(0, 999), st.integers(0, 999), st.integers(1, 999))
def test_times_comes_before_plus(one, two, three):
    said = hears(f"what is {one} plus {two} times {three}")
    assert said.replace(",", "") == f"That's {one + two * three}."


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ("How many feet are in a mile?", "1 mile is 5280 feet."),
        ("how many ounces in a pound", "1 pound is 16 ounces."),
        ("Convert 5 miles to kilometres.", "5 miles are about 8.05 kilometers."),
        ("How many pounds is 5 kilos?", "5 kilograms are about 11.02 pounds."),
        ("How many days are in 3 weeks?", "3 weeks are 21 days."),
        ("how many grams are in half a pound", "0.5 pounds are about 226.8 grams."),
        ("how many months in a year", "1 year is 12 months."),
        ("What's 20°C in Fahrenheit?", "20 degrees Celsius is 68 degrees Fahrenheit."),
        ("what is 350 fahrenheit in celsius", "350 degrees Fahrenheit is 176.7 degrees Celsius."),
        ("minus 40 celsius in fahrenheit", "minus 40 degrees Celsius is minus 40 degrees "),
        ("what is minus 500 celsius in fahrenheit", "Nothing is that cold."),
        ("how many feet in a kilogram", "Kilograms can't be turned into feet."),
    ],
)
def test_units(words, result):
    assert hears(words).startswith(result)


@given(st.integers(1, 10_000))
def test_twelve_inches_are_a_foot_however_many(amount):
    said = hears(f"convert {amount * 12} inches to feet")
    assert said.replace(",", "").endswith((f" {amount} feet.", " 1 foot."))
