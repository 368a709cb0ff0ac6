"""Who answers: a rule, a tool's result, or the chat server."""

import json
from collections.abc import AsyncGenerator

import pytest

from edgevoice.errors import EngineError
from edgevoice.realtime.items import FunctionCall as CallItem
from edgevoice.realtime.items import assistant_text, function_output, user_text
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.answering import (
    CHAT_FAILED,
    NO_CHAT,
    SILENCE,
    STILL_THERE,
    Answering,
)
from tests.relay.engines.local.intents.house import NOW, TOOLS
from tests.relay.engines.parts import request


class FakeChat:
    """Says what it was given to say; an error is raised when its turn comes."""

    def __init__(self, *pieces: str | FunctionCall | EngineError) -> None:
        self.pieces = pieces
        self.asked: list[tuple] = []

    async def answer(self, messages, tools, tool_choice) -> AsyncGenerator:
        self.asked.append((messages, tools))
        for piece in self.pieces:
            if isinstance(piece, EngineError):
                raise piece
            yield piece


async def answer(*said, chat=None, **rest) -> list:
    asked = request(*said, tools=TOOLS, **rest)
    return [piece async for piece in Answering(chat, lambda: NOW).pieces(asked)]


async def test_a_rule_goes_before_the_chat_server():
    chat = FakeChat("I think it is four.")
    assert await answer("What time is it?", chat=chat) == ["It's 4:05 PM."]
    assert not chat.asked


async def test_what_no_rule_knows_goes_to_the_chat_server():
    chat = FakeChat("Par", "is.")
    assert await answer("What's the capital of France?", chat=chat) == ["Par", "is."]
    messages, tools = chat.asked[0]
    assert messages[-1]["content"].startswith("What's the capital of France?")
    assert len(tools) == len(TOOLS)


async def test_without_a_chat_server_it_says_so_and_how_to_hear_what_it_can():
    [reply] = await answer("What's the capital of France?")
    assert reply == NO_CHAT
    [skills] = await answer("Help.")
    assert "set timers" in skills


async def test_whoever_has_said_nothing_for_long_is_asked_to_go_on():
    said = ("What time is it?", assistant_text("It's 4:05 PM."))
    assert await answer(*said, silence=True) == [STILL_THERE]
    chat = FakeChat("Anything else?")
    assert await answer(*said, chat=chat, silence=True) == ["Anything else?"]
    messages, _tools = chat.asked[0]
    assert SILENCE in json.dumps(messages)


async def test_nothing_was_understood():
    assert await answer("") == ["I didn't catch that."]
    assert await answer("...") == ["I didn't catch that."]


async def test_a_failing_chat_server_is_admitted():
    chat = FakeChat(EngineError("nobody there"))
    assert await answer("Why is the sky blue?", chat=chat) == [CHAT_FAILED]


async def test_a_failure_in_the_middle_ends_the_response():
    chat = FakeChat("Because ", EngineError("gone"))
    with pytest.raises(EngineError, match="gone"):
        await answer("Why is the sky blue?", chat=chat)


def after(tool: str, arguments: dict, result: dict, words: str = "Do it") -> list:
    return [
        user_text(words),
        CallItem(tool, json.dumps(arguments), call_id="c1"),
        function_output("c1", json.dumps(result)),
    ]


async def test_the_result_of_a_tool_is_put_into_words():
    timer = after("set_timer", {"seconds": 600}, {"label": "timer", "seconds": 600})
    assert await answer(*timer, chat=FakeChat("no")) == ["Timer set for 10 minutes."]


async def test_several_results_are_all_told():
    items = [
        user_text("All lights on"),
        CallItem("switch_light", "{}", call_id="c1"),
        CallItem("switch_light", "{}", call_id="c2"),
        function_output("c1", '{"name": "lamp", "on": true}'),
        function_output("c2", '{"name": "fan", "on": true}'),
    ]
    assert await answer(*items) == ["The lamp is on. The fan is on."]


async def test_results_of_unknown_tools_go_to_the_chat_server():
    weather = after("weather", {}, {"message": "it rains"})
    chat = FakeChat("Take a coat.")
    assert await answer(*weather, chat=chat) == ["Take a coat."]
    assert chat.asked[0][0][-1]["role"] == "tool"
    assert await answer(*weather) == ["It rains."]


async def test_cancelling_all_timers_asks_which_there_are_first():
    words = "Cancel all timers"
    assert await answer(words) == [FunctionCall("list_timers", "{}")]
    listed = {
        "timers": [{"label": "pasta", "remaining_s": 9}, {"label": "timer", "remaining_s": 5}]
    }
    calls = await answer(*after("list_timers", {}, listed, words))
    assert [json.loads(call.arguments) for call in calls] == [
        *({"label": "pasta"}, {"label": "timer"})
    ]
    assert await answer(*after("list_timers", {}, {"timers": []}, words)) == ["There is no timer."]


@pytest.mark.parametrize(("words", "last"), [("Stop.", "Okay."), ("Goodbye!", "Goodbye.")])
async def test_the_last_word(words, last):
    assert await answer(*after("end_conversation", {}, {"ended": True}, words)) == [last]


async def test_tools_the_client_forbids_are_not_called():
    assert await answer("Set a timer for ten minutes", tool_choice="none") == [
        "This device has no timers."
    ]


async def test_the_assistant_can_be_asked_to_repeat():
    items = [user_text("What time is it?"), assistant_text("It's 4:05 PM."), user_text("Pardon?")]
    assert await answer(*items) == ["It's 4:05 PM."]


LAMPS = {"properties": {"name": {"enum": ["lamp"]}}}
ONE_LAMP = {"type": "function", "name": "switch_light", "parameters": LAMPS}
HASS = {"type": "function", "name": "HassTurnOn", "parameters": {}}


async def answer_at_home(words: str, tools: list, chat: FakeChat) -> list:
    asked = request(words, tools=[*tools, HASS], foreign={"HassTurnOn"})
    return [piece async for piece in Answering(chat, lambda: NOW).pieces(asked)]


@pytest.mark.parametrize(
    ("words", "tools"),
    [
        ("Turn on the kitchen light.", []),
        ("Turn on the kitchen light.", [ONE_LAMP]),
        ("Is the lamp on?", TOOLS),
        ("Make it louder.", []),
    ],
)
async def test_what_the_device_cannot_do_the_tools_of_others_may(words, tools):
    assert await answer_at_home(words, tools, FakeChat("Done.")) == ["Done."]


async def test_what_the_device_can_do_it_does():
    [call] = await answer_at_home("Turn on the lamp.", TOOLS, FakeChat("Done."))
    assert call.name == "switch_light"


async def test_rules_neither_call_nor_explain_the_tools_of_others():
    theirs = {**HASS, "name": "switch_light"}
    foreign = {"switch_light"}
    asked = request("Turn on the lamp.", tools=[theirs], foreign=foreign)
    chat = FakeChat("Done.")
    assert [piece async for piece in Answering(chat, lambda: NOW).pieces(asked)] == ["Done."]
    called = CallItem("switch_light", "{}", "c1")
    output = function_output("c1", "{}")
    done = request("Turn on the lamp.", called, output, tools=[theirs], foreign=foreign)
    assert [piece async for piece in Answering(chat, lambda: NOW).pieces(done)] == ["Done."]
