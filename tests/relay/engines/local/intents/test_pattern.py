"""The little language in which ways of saying a thing are written."""

import pytest

from edgevoice.relay.engines.local.intents.pattern import Pattern


@pytest.mark.parametrize(
    ("way", "text", "found"),
    [
        ("turn on", "turn on", {}),
        ("turn on", "turn only", None),
        ("turn on", "please turn on", None),
        ("turn on [the] lamp", "turn on lamp", {}),
        ("turn on [the|my] lamp", "turn on my lamp", {}),
        ("(turn|switch it) on", "switch it on", {}),
        ("turn on <name>", "turn on the red lamp", {"name": "the red lamp"}),
        ("turn on <name>", "turn on", None),
        ("<room?> light on", "light on", {"room": ""}),
        ("<room?> light on", "kitchen light on", {"room": "kitchen"}),
        ("a (b (c|d)|e) f", "a b d f", {}),
        ("what.is+this", "what.is+this", {}),
        ("what.is+this", "whatxis+this", None),
    ],
)
def test_patterns(way, text, found):
    assert Pattern(way).match(text) == found


def test_the_first_way_that_fits_counts():
    ways = Pattern("set <what>", "set <what> to <amount>")
    assert ways.match("set it to five") == {"what": "it to five"}
    assert ways.matches("set it")
    assert not ways.matches("")
