"""Tools that the relay runs while a server answers: what the server sees, and what the client."""

from pathlib import Path

import pytest

from edgevoice.relay.session import CallTerms
from edgevoice.relay.tool_use.toolbox import ToolResult
from tests.openai_server.answering import Behaviour
from tests.relay.openai.talk import Talk, talk
from tests.relay.openai.test_failover import left_open
from tests.relay.tool_use.house import House
from tests.virtual_time import elapse

PLAIN = CallTerms(session_s=3600.0, patch={})
LAMP = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}


def calling(*names: str, arguments: str = "{}") -> Behaviour:
    return Behaviour(calls=[(name, arguments) for name in names])


def names_there(story: Talk) -> list[str]:
    return [tool["name"] for tool in story.there.effective.tools]


def kinds_there(story: Talk) -> list[str]:
    return [item["type"] for item in story.there.items.values()]


async def test_a_tool_of_the_relay_is_run_and_its_result_spoken(tmp_path: Path) -> None:
    house = House()
    async with talk(tmp_path, calling("temperature"), PLAIN, box=house) as story:
        await story.ask()
        assert house.called == [("temperature", {})]
        assert kinds_there(story) == [
            "message",
            "function_call",
            "function_call_output",
            "message",
        ]
        assert story.items()[-1] == ("assistant", "It is late. ")
        assert len(story.all("response.created")) == 2
        assert left_open(story) == [] and not story.all("error")


async def test_the_client_sees_it_as_a_call_of_a_server_of_tools(tmp_path: Path) -> None:
    async with talk(tmp_path, calling("temperature"), PLAIN, box=House()) as story:
        await story.ask()
        kinds = [kind for kind in story.kinds if "call" in kind]
        assert kinds == [
            "response.mcp_call_arguments.delta",
            "response.mcp_call_arguments.done",
            "response.mcp_call.in_progress",
            "response.mcp_call.completed",
        ]
        first = story.all("response.done")[0]["response"]["output"]
        assert [item["type"] for item in first] == ["mcp_call"]
        ended = [e["item"] for e in story.all("conversation.item.done")]
        (call,) = (item for item in ended if item["type"] == "mcp_call")
        assert (call["server_label"], call["name"]) == ("house", "temperature")
        assert call["output"] == "temperature done"


async def test_a_tool_that_fails_is_told_to_both(tmp_path: Path) -> None:
    house = House()
    house.results.append(ToolResult("no such room", failed=True))
    async with talk(tmp_path, calling("temperature"), PLAIN, box=house) as story:
        await story.ask()
        assert story.all("response.mcp_call.failed")
        output = next(i for i in story.there.items.values() if "output" in i)
        assert output["output"] == "no such room"


async def test_tools_that_need_a_yes_are_not_offered(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN, box=House()) as story:
        await elapse(0.2)
        assert names_there(story) == ["temperature"]


async def test_tools_of_the_client_stand_beside_them(tmp_path: Path) -> None:
    house = House()
    async with talk(tmp_path, calling("lamp", "temperature"), PLAIN, box=house) as story:
        story.send("session.update", session={"tools": [LAMP]})
        await elapse(0.2)
        assert names_there(story) == ["lamp", "temperature"]
        assert [t["name"] for t in story.last("session.updated")["session"]["tools"]] == ["lamp"]
        await story.speak(800)
        assert house.called == [] and story.all("response.function_call_arguments.done")


async def test_a_server_of_tools_that_is_not_the_owners_is_refused(tmp_path: Path) -> None:
    async with talk(tmp_path, terms=PLAIN, box=House()) as story:
        stranger = {"type": "mcp", "server_label": "evil", "server_url": "https://evil.example"}
        story.send("session.update", session={"tools": [stranger]}, event_id="no")
        await elapse(0.2)
        assert story.last("error")["error"]["event_id"] == "no"
        assert "evil" not in str(story.there.received)


async def test_the_wish_for_an_answer_that_comes_anyway_is_fulfilled(tmp_path: Path) -> None:
    async with talk(tmp_path, calling("temperature"), PLAIN, box=House()) as story:
        await story.speak(800)
        await story.until("response.mcp_call.completed")
        story.send("response.create")
        await story.until("output_audio_buffer.stopped")
        assert len(story.all("response.created")) == 2 and not story.all("error")


async def test_who_speaks_while_a_tool_runs_is_answered_once(tmp_path: Path) -> None:
    house = House()
    house.takes_s = 1.0
    async with talk(tmp_path, calling("temperature"), PLAIN, box=house) as story:
        await story.speak(800, quiet_ms=600)
        await story.speak(1_500)
        await story.until("output_audio_buffer.stopped")
        await elapse(1.0)
        assert len(story.all("response.created")) == 2 and not story.all("error")
        assert kinds_there(story).count("function_call_output") == 1


async def test_a_slow_tool_is_no_stall_of_the_server(tmp_path: Path) -> None:
    house = House()
    house.takes_s = 9.0
    async with talk(tmp_path, calling("temperature"), PLAIN, box=house, stall_s=3.0) as story:
        await story.ask()
        assert story.engine.requests == []
        assert story.items()[-1] == ("assistant", "It is late. ")


async def test_a_server_that_is_lost_meanwhile_leaves_nothing_open(tmp_path: Path) -> None:
    house = House()
    house.takes_s = 9.0
    async with talk(tmp_path, calling("temperature"), PLAIN, box=house) as story:
        await story.speak(800)
        story.there.dropped.set()
        await story.until("output_audio_buffer.stopped")
        assert house.cancelled == 1
        assert left_open(story) == []
        assert story.items()[-1] == ("assistant", "Yes.")


@pytest.mark.parametrize("arguments", ["[1]", "{", '{"a": "' + 9_000 * "x" + '"}'])
async def test_arguments_that_are_none_reach_no_tool(tmp_path: Path, arguments: str) -> None:
    house = House()
    behaviour = calling("temperature", arguments=arguments)
    async with talk(tmp_path, behaviour, PLAIN, box=house) as story:
        await story.ask()
        assert house.called == [] and story.all("response.mcp_call.failed")


async def test_the_next_session_at_the_server_knows_the_result(tmp_path: Path) -> None:
    async with talk(tmp_path, calling("temperature"), PLAIN, box=House(), renew_s=10.0) as story:
        await story.ask()
        for _ in range(100):
            story.sound(100, loud=False)
            await elapse(0.1)
        assert len(story.server.sessions) == 2
        assert kinds_there(story) == [
            "message",
            "function_call",
            "function_call_output",
            "message",
        ]
