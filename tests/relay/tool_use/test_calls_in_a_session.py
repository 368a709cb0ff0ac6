"""Stories of the relay's tools: the engine calls one, the relay runs it, one answer follows."""

import asyncio

import pytest

from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.session import CallTerms
from edgevoice.relay.tool_use.toolbox import RelayTool, ToolResult
from tests.relay.story import spoken, tell, user_text
from tests.relay.tool_use.house import TEMPERATURE, HouseStory, temperature
from tests.virtual_time import elapse

CALL = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.mcp_call.in_progress",
    "response.mcp_call.completed",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]

TEXT = CallTerms(session_s=3600.0, patch={"output_modalities": ["text"]})


def story(tale, terms: CallTerms | None = None) -> HouseStory:
    told = tell(tale, terms=terms, make=HouseStory)
    assert isinstance(told, HouseStory)
    return told


def test_a_tool_is_run_and_one_answer_follows():
    async def tale(s):
        s.engine.answers = [[temperature()], spoken("It is warm.")]
        s.house.results = [ToolResult("21 degrees")]
        s.say("How warm is it?")
        await elapse(4)

    s = story(tale)
    kinds = [event["type"] for event in s.call.sent]
    begin = kinds.index("response.created")
    assert kinds[begin : begin + len(CALL)] == CALL
    assert kinds[begin + len(CALL) :][:2] == ["rate_limits.updated", "response.created"]
    assert s.house.called == [("temperature", {"room": "kitchen"})]
    assert len(s.engine.requests) == 2 and s.outputs() == [("temperature", "21 degrees")]
    done = s.last("response.mcp_call.completed")
    [item] = [e["item"] for e in s.all("conversation.item.done") if e["item"]["type"] == "mcp_call"]
    assert item["id"] == done["item_id"] and item["output"] == "21 degrees"
    assert s.all("response.done")[0]["response"]["output"] == [item]
    assert s.items()[-1] == ("assistant", "It is warm.")


def test_the_output_of_a_call_that_has_begun_is_null():
    async def tale(s):
        s.engine.answers = [[temperature()]]
        s.say("How warm is it?")
        await elapse(4)

    added = next(e["item"] for e in story(tale).all("response.output_item.added"))
    assert added["output"] is None and added["status"] == "in_progress"


def test_calls_of_one_response_run_side_by_side_and_end_in_order():
    async def tale(s):
        s.engine.answers = [[temperature("kitchen"), temperature("hall")], spoken("Both are warm.")]
        s.house.results = [ToolResult("21"), ToolResult("sensor is dead", failed=True)]
        s.say("How warm is it?")
        await elapse(0.1 + 0.35)
        assert len(s.all("response.mcp_call.completed")) == 1
        assert len(s.all("response.mcp_call.failed")) == 1
        await elapse(3)

    s = story(tale)
    assert [e["output_index"] for e in s.all("response.mcp_call.in_progress")] == [0, 1]
    assert [e["output_index"] for e in s.all("response.output_item.done")][:2] == [0, 1]
    assert s.outputs() == [("temperature", "21"), ("temperature", "error: sensor is dead")]
    assert s.last("response.mcp_call.failed")["output_index"] == 1
    failed = s.all("response.done")[0]["response"]["output"][1]
    assert failed["error"] == {"type": "tool_execution_error", "message": "sensor is dead"}


def test_who_interrupts_ends_the_tool_and_gets_one_answer():
    async def tale(s):
        s.house.takes_s = 60.0
        s.engine.answers = [[temperature()], spoken("Fine.")]
        s.say("How warm is it?")
        await elapse(3)
        s.say("Forget it.")
        await elapse(4)

    s = story(tale)
    assert s.house.cancelled == 1
    statuses = [e["response"]["status"] for e in s.all("response.done")]
    assert statuses == ["cancelled", "completed"]
    item = s.all("response.done")[0]["response"]["output"][0]
    assert item["status"] == "incomplete"
    assert s.outputs() == [
        ("temperature", "error: it was broken off; it may have been done or not")
    ]


def test_a_client_that_cancels_ends_the_tool_and_nothing_follows():
    async def tale(s):
        s.house.takes_s = 60.0
        s.engine.answers = [[temperature()]]
        s.say("How warm is it?")
        await elapse(3)
        s.send("response.cancel")
        await elapse(3)

    s = story(tale)
    assert s.house.cancelled == 1 and len(s.engine.requests) == 1
    assert not s.errors()


def test_a_result_that_comes_while_the_user_speaks_is_kept_for_the_next_answer():
    patch = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}
    patch["audio"]["input"]["turn_detection"]["interrupt_response"] = False

    async def tale(s):
        s.house.takes_s = 1.0
        s.engine.answers = [[temperature()], spoken("It is warm, and it is noon.")]
        s.say("How warm is it?")
        await elapse(0.3)
        s.engine.words.append("And what time is it?")
        await s.speak(2_000)
        assert len(s.engine.requests) == 1 and len(s.all("response.done")) == 1
        s.sound(600, loud=False)
        await elapse(4)

    s = story(tale, CallTerms(session_s=3600.0, patch=patch))
    assert len(s.engine.requests) == 2
    assert s.outputs() == [("temperature", "temperature done")]
    assert s.items()[-2][1] == "And what time is it?"


@pytest.mark.parametrize("late_s", [0.0, 0.2, 3.0])
def test_a_client_that_asks_for_the_answer_gets_the_one_that_is_made_anyway(late_s):
    async def tale(s):
        s.engine.answers = [[temperature()], spoken("It is warm.", ms=100)]
        asked = asyncio.Event()
        s.call.on_sent = lambda text: "response.mcp_call.completed" in text and asked.set()
        s.say("How warm is it?")
        await asked.wait()
        await elapse(late_s)
        s.send("response.create")
        await elapse(3)
        s.send("conversation.item.create", item=user_text("And now?"))
        s.send("response.create")
        await elapse(3)

    s = story(tale)
    assert len(s.engine.requests) == 3 and not s.errors()


def test_with_a_tool_of_the_client_beside_it_the_client_asks_for_the_answer():
    async def tale(s):
        s.send(
            "session.update",
            session={"type": "realtime", "tools": [{"type": "function", "name": "set_volume"}]},
        )
        s.engine.answers = [[temperature(), FunctionCall("set_volume", "{}")]]
        s.say("How warm is it? And be quiet.")
        await elapse(3)
        assert len(s.engine.requests) == 1
        call_id = s.last("response.function_call_arguments.done")["call_id"]
        output = {"type": "function_call_output", "call_id": call_id, "output": "{}"}
        s.send("conversation.item.create", item=output)
        s.send("response.create")
        await elapse(3)

    s = story(tale)
    assert len(s.engine.requests) == 2 and not s.errors()
    assert dict(s.outputs()) == {"temperature": "temperature done", "set_volume": "{}"}


def test_an_engine_that_never_stops_calling_has_to_answer_in_the_end():
    async def tale(s):
        s.house.takes_s = 0.01
        s.engine.answers = [[temperature()]] * 8 + [spoken("I give up.")]
        s.say("How warm is it?")
        await elapse(5)

    s = story(tale)
    choices = [request.tool_choice for request in s.engine.requests]
    assert choices == ["auto"] * 8 + ["none"]


def test_whoever_had_to_call_a_tool_need_not_do_so_again():
    async def tale(s):
        s.send("session.update", session={"type": "realtime", "tool_choice": "required"})
        s.engine.answers = [[temperature()], spoken("It is warm.")]
        s.say("How warm is it?")
        await elapse(3)

    assert [r.tool_choice for r in story(tale).engine.requests] == ["required", "auto"]


@pytest.mark.parametrize("arguments", ["[1]", "{", "x" * 9_000, '{"a":' * 30 + "1" + "}" * 30])
def test_arguments_that_are_none_reach_no_server(arguments):
    async def tale(s):
        s.engine.answers = [[FunctionCall("temperature", arguments)], spoken("Sorry.")]
        s.say("How warm is it?")
        await elapse(3)

    s = story(tale)
    assert s.house.called == []
    assert "no JSON object" in s.outputs()[0][1]


def test_no_more_than_eight_calls_at_a_time():
    async def tale(s):
        s.engine.answers = [[temperature()] * 11, spoken("Warm.")]
        s.say("How warm is it?")
        await elapse(3)

    s = story(tale)
    assert len(s.house.called) == 8 and len(s.outputs()) == 11


def test_tools_that_come_and_go_are_offered_as_they_are_there():
    async def tale(s):
        s.house.listed = []
        s.say("One.")
        await elapse(3)
        s.house.listed = [TEMPERATURE]
        s.say("Two.")
        await elapse(3)

    requests = story(tale).engine.requests
    assert [[tool["name"] for tool in r.tools] for r in requests] == [[], ["temperature"]]


def test_out_of_band_there_are_none():
    async def tale(s):
        s.send("response.create", response={"conversation": "none"})
        await elapse(3)

    assert story(tale).engine.requests[0].tools == ()


def test_a_server_that_a_client_names_is_listed_for_it_and_may_be_narrowed():
    async def tale(s):
        s.house.listed.append(RelayTool("garden", "water"))
        tools = [{"type": "mcp", "server_label": "house", "allowed_tools": ["temperature"]}]
        s.send("session.update", session={"type": "realtime", "tools": tools})
        item_id = s.last("mcp_list_tools.in_progress")["item_id"]
        s.send("conversation.item.retrieve", item_id=item_id)
        s.say("How warm is it?")
        await elapse(3)

    s = story(tale)
    kinds = [event["type"] for event in s.call.sent]
    at = kinds.index("session.updated")
    assert kinds[at + 1 : at + 5] == [
        "conversation.item.added",
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
        "conversation.item.done",
    ]
    [item] = [e["item"] for e in s.all("conversation.item.retrieved")]
    assert item["server_label"] == "house"
    assert [tool["name"] for tool in item["tools"]] == ["temperature"]
    names = [tool["name"] for tool in s.engine.requests[0].tools]
    assert names == ["temperature", "water"]
    assert all(tool["type"] == "function" for tool in s.engine.requests[0].tools)


def test_a_server_that_is_away_is_said_to_be():
    async def tale(s):
        update = {"type": "realtime", "tools": [{"type": "mcp", "server_label": "garden"}]}
        s.send("session.update", session=update)
        s.send("session.update", session=update)
        s.house.listed.append(RelayTool("garden", "water"))
        s.send("session.update", session=update)
        s.send("session.update", session=update)
        for event in s.all("mcp_list_tools.in_progress"):
            s.send("conversation.item.retrieve", item_id=event["item_id"])

    s = story(tale)
    assert len(s.all("mcp_list_tools.failed")) == len(s.all("mcp_list_tools.completed")) == 1
    assert len(s.all("conversation.item.retrieved")) == 2 and not s.errors()


@pytest.mark.parametrize(
    "tool",
    [
        {"server_label": "mine", "server_url": "http://169.254.169.254/"},
        {"server_label": "house", "server_url": "http://127.0.0.1:9/"},
        {"server_label": "house", "connector_id": "connector_gmail"},
    ],
)
def test_the_relay_goes_nowhere_its_owner_did_not_name(tool):
    async def tale(s):
        tools = [{"type": "mcp", **tool}]
        update = {"type": "realtime", "tools": tools}
        s.send("session.update", event_id="e1", session=update)

    s = story(tale)
    [error] = s.all("error")
    assert error["error"]["event_id"] == "e1"
    assert "owner" in s.errors()[0]
    assert not s.all("session.updated")


def test_two_tools_of_one_name_are_told_apart():
    async def tale(s):
        s.house.listed = [
            TEMPERATURE,
            RelayTool("garden", "temperature"),
            RelayTool("garden", "a.b"),
        ]
        own = {"type": "function", "name": "a_b"}
        s.send("session.update", session={"type": "realtime", "tools": [own]})
        s.engine.answers = [[FunctionCall("garden__temperature", "{}")], spoken("Cold.")]
        s.say("How cold is it outside?")
        await elapse(3)

    s = story(tale)
    assert [tool["name"] for tool in s.engine.requests[0].tools] == [
        "a_b",
        "house__temperature",
        "garden__temperature",
        "garden__a_b",
    ]
    assert s.all("response.done")[0]["response"]["output"][0]["server_label"] == "garden"
    assert s.outputs()[0][0] == "garden__temperature"
