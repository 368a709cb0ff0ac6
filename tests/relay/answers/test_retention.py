"""Which items are read for an answer."""

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.items import FunctionCall, function_output, user_text
from edgevoice.relay.answers.retention import retained, retention

ITEMS = tuple(user_text(str(n) * 40, id=str(n)) for n in range(10))
"""Ten tokens each."""


def rule(ratio: float, limit: int | None) -> dict:
    limits = {} if limit is None else {"token_limits": {"post_instructions": limit}}
    return {"type": "retention_ratio", "retention_ratio": ratio, **limits}


@pytest.mark.parametrize(
    ("truncation", "first"),
    [
        ("auto", 0),
        ("disabled", 0),
        (rule(0.8, None), 0),
        (rule(0.8, 100), 0),
        (rule(0.8, 99), 3),
        (rule(1.0, 50), 5),
        (rule(0.5, 50), 8),
        (rule(0.0, 50), 9),
        (rule(1.0, 0), 9),
    ],
)
def test_the_newest_that_fit_are_read_and_the_last_always(truncation, first):
    assert retained(ITEMS, truncation) == ITEMS[first:]


def test_a_result_is_not_read_without_its_call():
    call = FunctionCall("lamp", "{}", "call_1", id="a")
    items = (call, function_output("call_1", "x" * 39, id="b"), *ITEMS[:2])
    assert retained(items, rule(1.0, 31)) == ITEMS[:2]


@pytest.mark.parametrize("truncation", [None, 7, "never", {}, rule(1.1, 5), rule(0.5, -1)])
def test_what_is_no_truncation_is_refused(truncation):
    with pytest.raises(RemoteProtocolError, match="truncation"):
        retention(truncation)
