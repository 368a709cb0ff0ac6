"""Arguments that fit, and everything that is wrong with those that do not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import ToolError
from edgevoice.tools.schema import checked
from edgevoice.tools.tool import parameters

SCHEMA = parameters(
    ("seconds",),
    seconds={"type": "integer", "minimum": 1, "maximum": 100},
    share={"type": "number"},
    label={"type": "string", "maxLength": 5},
    room={"type": "string", "enum": ["kitchen", "hall"]},
    on={"type": "boolean"},
)


def test_what_fits_is_handed_on() -> None:
    arguments = {"seconds": 5, "share": 0.5, "label": "pasta", "room": "hall", "on": True}
    assert checked(arguments, SCHEMA) == arguments


def test_a_whole_number_written_as_5_0_is_an_int() -> None:
    seconds = checked({"seconds": 5.0}, SCHEMA)["seconds"]
    assert seconds == 5
    assert isinstance(seconds, int)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "seconds is missing"),
        ({"seconds": 5, "colour": "red"}, "colour is unknown (known: seconds, share"),
        ({"seconds": "5"}, "seconds must be of type integer"),
        ({"seconds": True}, "seconds must be of type integer"),
        ({"seconds": 5.5}, "seconds must be of type integer"),
        ({"seconds": None}, "seconds must be of type integer"),
        ({"seconds": float("nan")}, "seconds must be of type integer"),
        ({"seconds": float("inf")}, "seconds must be of type integer"),
        ({"seconds": 10**400}, "seconds must be of type integer"),
        ({"seconds": 0}, "seconds must be at least 1"),
        ({"seconds": 101}, "seconds must be at most 100"),
        ({"seconds": 5, "label": "noodles"}, "label must have at most 5 characters"),
        ({"seconds": 5, "room": "attic"}, "room must be one of kitchen, hall"),
        ({"seconds": 5, "on": "yes"}, "on must be of type boolean"),
        ({"seconds": 5, "on": 1}, "on must be of type boolean"),
    ],
)
def test_what_does_not_fit_is_named(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ToolError) as caught:
        checked(wrong, SCHEMA)
    assert says in str(caught.value)


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(ToolError) as caught:
        checked({"on": 1, "label": 2, "moon": 3}, SCHEMA)
    assert str(caught.value).count(";") == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]), JSON))
def test_anything_is_either_right_or_a_tool_error(arguments: dict[str, Any]) -> None:
    try:
        good = checked(arguments, SCHEMA)
    except ToolError:
        return
    assert 1 <= good["seconds"] <= 100
    assert set(good) <= set(SCHEMA["properties"])
