"""What of the relay's tools the holder of a client secret has."""

from edgevoice.relay.tool_use.narrowed_tools import NarrowedTools
from edgevoice.relay.tool_use.offered_tools import offer
from tests.relay.tool_use.house import TEMPERATURE, UNLOCK, House


def bound(**entry: object) -> dict[str, object]:
    return {"type": "mcp", "server_label": "house", **entry}


def names(box: NarrowedTools, *asked: dict[str, object]) -> list[str]:
    return [tool["name"] for tool in offer(asked, box, named_only=False).functions]


async def test_a_secret_that_names_no_server_has_none_of_its_tools():
    house = House()
    box = NarrowedTools(house, [{"type": "function", "name": "lamp"}])
    assert list(box.servers) == []
    assert names(box, bound()) == []
    assert (await box.call(TEMPERATURE, {})).failed
    assert house.called == []


async def test_it_has_those_that_it_was_made_for():
    house = House()
    box = NarrowedTools(house, [bound(allowed_tools=["temperature"])])
    assert list(box.servers) == ["house"]
    assert box.address("house") == "http://house.example/mcp"
    assert names(box) == names(box, bound(allowed_tools=None)) == ["temperature"]
    assert not (await box.call(TEMPERATURE, {})).failed
    assert (await box.call(UNLOCK, {})).failed


def test_a_question_that_it_was_made_with_is_asked_whatever_the_holder_wants():
    box = NarrowedTools(House(), [bound(require_approval="always")])
    assert box.needs_yes(TEMPERATURE, {})
    box = NarrowedTools(House(), [bound(require_approval="never")])
    assert not box.needs_yes(TEMPERATURE, {})
    assert box.needs_yes(UNLOCK, {}), "the owner's own question stays"
