"""One answer of a chat server, put together from its chunks."""

from typing import Any

import pytest

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.chat_answer import MAX_ARGUMENTS, ChatAnswer


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta}]}


def calling(**function: Any) -> dict[str, Any]:
    return chunk(tool_calls=[{"index": 0, "function": function}])


def test_an_emoji_that_comes_in_halves_is_one_letter() -> None:
    """Half of one cannot be sent on: it would end the session."""
    answer = ChatAnswer()
    pieces = [answer.take(chunk(content=text)) for text in ("Noon \ud83d", "\ude00", "!")]
    assert pieces == ["Noon ", "😀", "!"]


def test_so_it_is_in_the_arguments_of_a_call() -> None:
    answer = ChatAnswer()
    answer.take(calling(name="say", arguments='{"text":"\ud83d'))
    answer.take(calling(arguments='\ude00 \ud83d"}'))
    assert answer.function_calls() == [FunctionCall("say", '{"text":"😀 �"}')]


@pytest.mark.parametrize("calls", [5, "volume", {"name": "volume"}, [5], [{"index": 0}], None])
def test_calls_that_are_none_are_passed_over(calls: Any) -> None:
    answer = ChatAnswer()
    assert answer.take(chunk(content="Noon.", tool_calls=calls)) == "Noon."
    assert answer.function_calls() == []


@pytest.mark.parametrize("field", ["name", "arguments"])
def test_a_call_without_end_is_not_run(field: str) -> None:
    answer, half = ChatAnswer(), calling(**{field: "x" * (MAX_ARGUMENTS // 2)})
    answer.take(half)
    answer.take(half)
    with pytest.raises(EngineError, match="too long; it is not run"):
        answer.take(half)
