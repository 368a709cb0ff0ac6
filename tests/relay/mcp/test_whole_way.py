"""From a question to a real MCP server and back, by way of a chat server that calls its tools."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgevoice.config import McpConfig, McpServerConfig, RelayConfig
from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import FunctionCall, Part, Request, Text
from edgevoice.relay.engines.local.answering import Answering
from edgevoice.relay.engines.local.chat import Chat
from edgevoice.relay.mcp.servers import McpServers
from edgevoice.relay.session import CallTerms
from edgevoice.relay.tool_use.toolbox import Toolbox
from tests.relay.engines.local.chat_server import DONE, FINISHED, ChatServer, delta, says
from tests.relay.mcp.test_real_server import house_at
from tests.relay.story import FakeEngine, LoudnessVad, Story, user_text
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

HOUSE = str(Path(__file__).with_name("house.py"))
TERMS = CallTerms(session_s=600.0, patch={"output_modalities": ["text"]})


class ChatEngine(FakeEngine):
    """The local engine without its models."""

    def __init__(self, chat: Chat) -> None:
        super().__init__()
        self._answering = Answering(chat, lambda: datetime(2026, 5, 1, 12))  # noqa: DTZ001

    async def respond(self, request: Request) -> AsyncIterator[Part]:
        self.requests.append(request)
        async for piece in self._answering.pieces(request):
            yield piece if isinstance(piece, FunctionCall) else Text(piece)


class Talk(Story):
    """A session of text."""

    def __init__(self, engine: ChatEngine, box: Toolbox) -> None:
        self._chat_engine, self._box = engine, box
        super().__init__(RelayConfig(), TERMS)

    def brains(self) -> Sequence[MakeBrain]:
        return [partial(EngineBrain, self._chat_engine, LoudnessVad(), box=self._box)]

    async def answer_to(self, text: str, responses: int) -> str:
        """The words of the last of so many responses."""
        before = len(self.all("response.done"))
        self.send("conversation.item.create", item=user_text(text))
        self.send("response.create")
        await until(lambda: len(self.all("response.done")) == before + responses)
        output = self.last("response.done")["response"]["output"]
        return "".join(part["text"] for item in output for part in item.get("content", ()))


def calls(name: str, **arguments: object) -> list[bytes]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    call = {"index": 0, "id": "c1", "type": "function", "function": function}
    return [delta(tool_calls=[call]), FINISHED, DONE]


class Scripted(ChatServer):
    """Answers one script after the other."""

    scripts: list[list[bytes]]

    async def _answer(self, request: Any) -> Any:
        self.steps = self.scripts.pop(0)
        return await super()._answer(request)


@asynccontextmanager
async def talk(config: McpServerConfig, *scripts: list[bytes]) -> AsyncIterator[tuple[Talk, Any]]:
    servers = McpServers(McpConfig((config,)))
    server = Scripted()
    server.scripts = list(scripts)
    async with server.running():
        chat = Chat(server.config)
        await chat.open()
        story = Talk(ChatEngine(chat), servers.for_caller("kitchen"))
        running = [asyncio.create_task(work) for work in (servers.run(), story.session.run())]
        await asyncio.sleep(0)
        story.session.on_open()
        await until(lambda: servers.for_caller("kitchen").tools())
        try:
            yield story, server
        finally:
            story.session.hang_up("the end")
            running[0].cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await chat.close()


async def test_a_question_is_answered_with_the_tool_of_a_program():
    config = McpServerConfig(name="house", command=(sys.executable, HOUSE, "stdio"))
    scripts = calls("temperature", room="kitchen"), [says("It is 21 degrees."), FINISHED, DONE]
    async with talk(config, *scripts) as (story, server):
        assert await story.answer_to("Is it warm in there?", 2) == "It is 21 degrees."
        offered = {tool["function"]["name"] for tool in server.asked[0]["tools"]}
        assert {"temperature", "unlock"} <= offered
        told = server.asked[1]["messages"][-1]
        assert (told["role"], told["content"]) == ("tool", "21 degrees in the kitchen")


async def test_a_door_is_unlocked_after_a_yes_only():
    async with house_at("http") as url:
        config = McpServerConfig(name="house", url=url)
        scripts = (
            calls("unlock", door="front"),
            [says("Unlock the front door?"), FINISHED, DONE],
            [says("It is open."), FINISHED, DONE],
        )
        async with talk(config, *scripts) as (story, server):
            assert await story.answer_to("Let me in.", 2) == "Unlock the front door?"
            assert "say yes first" in server.asked[1]["messages"][-1]["content"]
            assert await story.answer_to("Yes.", 2) == "It is open."
            assert server.asked[2]["messages"][-1]["content"] == "front is unlocked"
