"""Calling tools as a model does: well, badly, and maliciously."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import GpioError
from edgevoice.tools.tool import Arguments, Result, Tool, parameters
from edgevoice.tools.toolbox import ToolBox
from tests import virtual_time
from tests.virtual_time import elapse

NUMBER = parameters(("n",), n={"type": "integer"})


async def double(arguments: Arguments) -> Result:
    return {"twice": 2 * arguments["n"]}


async def sleep(arguments: Arguments) -> Result:
    await elapse(arguments["n"])
    return {"slept": arguments["n"]}


async def break_down(arguments: Arguments) -> Result:
    raise ZeroDivisionError("a bug, and a secret in its message")


async def refuse(arguments: Arguments) -> Result:
    raise GpioError('lamp "desk" cannot be switched: this machine has no GPIO')


async def odd(arguments: Arguments) -> Result:
    return {"answer": object()}


BOX = ToolBox(
    [
        Tool("double", "Doubles.", NUMBER, double),
        Tool("sleep", "Sleeps.", NUMBER, sleep),
        Tool("break_down", "Breaks.", parameters(), break_down),
        Tool("refuse", "Refuses.", parameters(), refuse),
        Tool("odd", "Returns what is no JSON.", parameters(), odd),
    ]
)


async def call(name: str, arguments: str) -> dict[str, Any]:
    answer = json.loads(await BOX.call(name, arguments))
    assert isinstance(answer, dict)
    return answer


def test_definitions_are_what_the_session_wants() -> None:
    assert BOX.definitions()[0] == {
        "type": "function",
        "name": "double",
        "description": "Doubles.",
        "parameters": {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "required": ["n"],
            "additionalProperties": False,
        },
    }
    json.dumps(BOX.definitions())


async def test_a_call_returns_json() -> None:
    assert await call("double", '{"n": 21}') == {"twice": 42}


async def test_no_arguments_may_be_written_as_nothing() -> None:
    assert "cannot be switched" in (await call("refuse", ""))["error"]


async def test_an_unknown_tool_lists_the_known_ones() -> None:
    answer = await call("launch", "{}")
    assert answer == {
        "error": "there is no tool launch; tools: double, sleep, break_down, refuse, odd"
    }


@pytest.mark.parametrize(
    "arguments",
    [
        "{",
        "[1]",
        "null",
        '"n"',
        '{"n": NaN}',
        "[" * 100_000,
        '{"n":' * 1000,
        '{"n": 1}' + " " * 20_000,
    ],
)
async def test_arguments_that_are_no_object_are_an_answer(arguments: str) -> None:
    assert "arguments" in (await call("double", arguments))["error"]


async def test_arguments_that_do_not_fit_are_an_answer() -> None:
    assert await call("double", '{"n": "x"}') == {"error": "n must be of type integer"}


async def test_our_own_errors_are_passed_on_word_for_word() -> None:
    assert "this machine has no GPIO" in (await call("refuse", "{}"))["error"]


async def test_a_bug_in_a_tool_is_an_answer_that_tells_no_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await call("break_down", "{}") == {"error": "break_down failed"}
    assert "ZeroDivisionError" in caplog.text


async def test_a_result_that_is_no_json_is_an_answer() -> None:
    assert await call("odd", "{}") == {"error": "odd failed"}


async def test_a_tool_that_hangs_is_stopped() -> None:
    began = asyncio.get_running_loop().time()
    assert await call("sleep", '{"n": 3600}') == {"error": "sleep took longer than 10 s"}
    assert asyncio.get_running_loop().time() - began == pytest.approx(10)


async def test_cancelling_a_call_cancels_it() -> None:
    running = asyncio.ensure_future(call("sleep", '{"n": 5}'))
    await elapse(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_two_tools_of_one_name_are_a_bug() -> None:
    tool = Tool("double", "", NUMBER, double)
    with pytest.raises(AssertionError, match="double"):
        ToolBox([tool, tool])


@given(st.sampled_from(["double", "odd", "nothing"]), st.text(max_size=60))
def test_whatever_a_model_writes_it_gets_json_back(name: str, arguments: str) -> None:
    assert isinstance(json.loads(virtual_time.run(BOX.call(name, arguments))), dict)
