"""What a voice reads out, and what it leaves out."""

import pytest

from edgevoice.relay.engines.local.speech_text import as_spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("**Bold** and `code` ", "Bold and code"),
        ("# Heading\n- one\n- two", "Heading one two"),
        ("See [the page](https://a.example/x?y=1).", "See the page."),
        ("Go to https://www.example.org/a/b?c=d now", "Go to example.org now"),
        ("Hello 😀 there 👍🏽", "Hello there"),
        ("It's 20°C, 15% off, 3.5 + 2 = 5.5", "It's 20°C, 15% off, 3.5 + 2 = 5.5"),
        ("snake_case stays", "snake_case stays"),
        ("```python\nprint(1)\n``` done", "done"),
        ("I'm edgevoice.", "I'm Edge Voice."),
        ("café — naïve", "café — naïve"),
        ("😀", ""),
        ("***", ""),
    ],
)
def test_markup_and_pictures_are_not_read_out(text, spoken):
    assert as_spoken(text) == spoken
