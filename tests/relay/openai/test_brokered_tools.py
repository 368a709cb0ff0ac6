"""What a server elsewhere is told of the relay's tools, and what it may have run."""

from edgevoice.relay.openai.brokered_tools import BoxedTools
from edgevoice.relay.tool_use.toolbox import ToolResult
from tests.relay.tool_use.house import House
from tests.virtual_time import run


def test_only_what_needs_no_question_is_offered_and_only_in_words_it_knows():
    [function] = BoxedTools(House()).definitions()
    assert function == {
        "type": "function",
        "name": "temperature",
        "description": "How warm it is.",
        "parameters": {"type": "object"},
    }


def test_what_is_not_offered_is_not_run():
    house = House()
    house.results = [ToolResult("21 degrees")]
    tools = BoxedTools(house)
    assert run(tools.run_tool("temperature", '{"room": "hall"}')) == "21 degrees"
    for name, arguments in (("unlock", "{}"), ("nothing", "{}"), ("temperature", "[" * 9_000)):
        run(tools.run_tool(name, arguments))
    assert house.called == [("temperature", {"room": "hall"})]
