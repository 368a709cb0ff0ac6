"""OpenAI's own Python types read the events about the relay's tools."""

import pytest

from tests.relay.story import spoken, tell
from tests.relay.tool_use.house import HouseStory, temperature, unlock
from tests.virtual_time import elapse

pytest.importorskip("openai")

from openai._models import validate_type
from openai.types.realtime import ConversationItem, RealtimeServerEvent


async def everything(s: HouseStory) -> None:
    tools = [{"type": "mcp", "server_label": label} for label in s.house.servers]
    s.send("session.update", session={"type": "realtime", "tools": tools})
    s.engine.answers = [
        [temperature(), temperature("hall"), unlock()],
        spoken("Unlock it?"),
        spoken("It is unlocked."),
    ]
    s.say("Unlock the door.")
    await elapse(5)
    s.say("Yes.")
    await elapse(5)


def test_every_event_is_one_that_openais_client_knows():
    story = tell(everything, make=HouseStory)
    kinds = {event["type"] for event in story.call.sent}
    assert {"mcp_list_tools.failed", "response.mcp_call.completed"} <= kinds
    for event in story.call.sent:
        validate_type(value=event, type_=RealtimeServerEvent)
        if "item" in event:
            validate_type(value=event["item"], type_=ConversationItem)
