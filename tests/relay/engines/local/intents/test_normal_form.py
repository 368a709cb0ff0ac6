"""One spelling for what is spelt in many ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.intents.normal_form import normalise


@pytest.mark.parametrize(
    ("words", "normal"),
    [
        ("What's the time?", "what is the time"),
        ("What’s the time?", "what is the time"),
        ("What's the date to-day?", "what is the date today"),
        ("Could you please turn it on, thank you.", "turn it on"),
        ("Um, okay, so what time is it now?", "what time is it"),
        ("It's 10:45 P.M.", "it is 10:45 pm"),
        ("1,200.5 + 3", "1200.5 plus 3"),
        ("20 °C", "20 celsius"),
        ("15% of 80", "15 percent of 80"),
        ("twenty-five", "twenty five"),
        ("-5 degrees", "-5 degrees"),
        ("How many times?", "how many times"),
        ("please", "please"),
        ("...", ""),
    ],
)
def test_normal_forms(words, normal):
    assert normalise(words) == normal


@given(st.text())
def test_there_is_nothing_left_to_normalise_but_words(words):
    normal = normalise(words)
    assert normal == " ".join(normal.split())
    assert not set(normal) & set(",;!?\"'()")
