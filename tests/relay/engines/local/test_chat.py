"""The chat client against a real server, well-behaved and not."""

import asyncio
import json
from contextlib import aclosing

import pytest

from edgevoice.config import ChatConfig
from edgevoice.errors import CredentialError, EngineError
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.chat import MAX_LETTERS, Chat
from tests.relay.engines.local.chat_server import DONE, FINISHED, ChatServer, delta, says

QUESTION = [{"role": "user", "content": "Why?"}]
TOOL = {
    "type": "function",
    "name": "set_timer",
    "description": "Start a timer.",
    "parameters": {"type": "object", "properties": {}},
}


async def ask(server: ChatServer, *, tools=(), tool_choice="auto", **config) -> list:
    async with server.running(**config):
        chat = Chat(server.config)
        await chat.open()
        try:
            return [piece async for piece in chat.answer(QUESTION, tools, tool_choice)]
        finally:
            await chat.close()


async def test_text_arrives_piece_by_piece():
    steps = [
        delta(role="assistant", content=""),
        says("Because"),
        says(" it is so."),
        FINISHED,
        DONE,
    ]
    assert await ask(ChatServer(steps)) == ["Because", " it is so."]


async def test_what_is_asked_for():
    server = ChatServer()
    await ask(server, tools=[TOOL], model="llama")
    [asked] = server.asked
    assert asked["model"] == "llama"
    assert asked["stream"] is True
    assert asked["messages"] == QUESTION
    assert asked["tools"][0]["function"]["name"] == "set_timer"
    assert "tool_choice" not in asked
    assert "Authorization" not in server.headers[0]


async def test_the_key_is_sent_and_not_shown(tmp_path):
    key = tmp_path / "key"
    key.write_text("sk-123\n")
    server = ChatServer(status=401, steps=[b'{"error": {"message": "bad key"}}'])
    with pytest.raises(EngineError, match="bad key.*key_file") as refused:
        await ask(server, key_file=str(key))
    assert server.headers[0]["Authorization"] == "Bearer sk-123"
    assert "sk-123" not in str(refused.value)


@pytest.mark.parametrize("content", ["", "two\nlines"])
async def test_a_useless_key_file_is_refused_at_the_start(tmp_path, content):
    key = tmp_path / "key"
    key.write_text(content)
    with pytest.raises(CredentialError, match="holds no key"):
        await Chat(ChatConfig(url="http://127.0.0.1:9/v1", key_file=str(key))).open()


async def test_a_tool_call_in_fragments_is_put_together():
    def fragment(index, **function):
        return delta(tool_calls=[{"index": index, "id": "c", "function": function}])

    steps = [
        fragment(0, name="set_timer", arguments=""),
        fragment(0, arguments='{"sec'),
        fragment(1, name="list_timers"),
        fragment(0, arguments='onds": 60}'),
        FINISHED,
        DONE,
    ]
    first, second = await ask(ChatServer(steps), tools=[TOOL])
    assert (first.name, json.loads(first.arguments)) == ("set_timer", {"seconds": 60})
    assert second == FunctionCall("list_timers", "{}")


async def test_arguments_that_are_parsed_already_and_no_index():
    call = {"id": "c", "function": {"name": "set_timer", "arguments": {"seconds": 60}}}
    [call] = await ask(ChatServer([delta(tool_calls=[call]), FINISHED, DONE]))
    assert json.loads(call.arguments) == {"seconds": 60}


async def test_what_is_malformed_or_unknown_is_skipped():
    steps = [
        b": keep-alive\n\n",
        b"data: {broken\n\n",
        b"data: [1, 2]\n\n",
        b'data: {"choices": []}\n\n',
        b'data: {"choices": [{"delta": null}]}\n\n',
        delta(reasoning_content="hmm", content=None),
        delta(tool_calls=["x", {"index": "y", "function": 7}]),
        b"nonsense\n",
        says("Yes."),
        DONE,
        says("not this"),
    ]
    assert await ask(ChatServer(steps)) == ["Yes."]


async def test_a_server_that_does_not_stream():
    body = json.dumps({"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]})
    server = ChatServer([body[:20].encode(), 1.0, body[20:].encode()], 200, "application/json")
    assert await ask(server) == ["Yes."]


async def test_an_error_in_the_middle_is_an_error():
    server = ChatServer([says("Well, "), b'data: {"error": {"message": "out of memory"}}\n\n'])
    with pytest.raises(EngineError, match="broke off: out of memory"):
        await ask(server)


async def test_a_stream_that_just_ends_is_an_error_only_when_empty():
    assert await ask(ChatServer([says("Yes.")])) == ["Yes."]
    with pytest.raises(EngineError, match="without an answer"):
        await ask(ChatServer([b"\n"]))


async def test_it_waits_long_for_the_first_word_and_briefly_for_the_next():
    assert await ask(ChatServer([delta(role="assistant"), 25.0, says("Yes."), DONE])) == ["Yes."]
    with pytest.raises(EngineError, match="in time"):
        await ask(ChatServer([31.0, says("Yes."), DONE]))
    with pytest.raises(EngineError, match="in time"):
        await ask(ChatServer([says("Well, "), 11.0, says("yes."), DONE]))


async def test_nobody_there():
    async with ChatServer().running() as server:
        config = server.config
    chat = Chat(config)
    await chat.open()
    with pytest.raises(EngineError, match="cannot be used"):
        await anext(chat.answer(QUESTION, (), "auto"))
    await chat.close()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"not found", "not found.*is /v1 missing"),
        (500, b'{"error": "no model loaded"}', "no model loaded"),
        (503, b"", "no reason given"),
        (302, b"", "302"),
    ],
)
async def test_refusals_say_why(status, body, reason):
    with pytest.raises(EngineError, match=reason):
        await ask(ChatServer([body] if body else [], status, "application/json"))


async def test_closing_the_answer_closes_the_connection():
    server = ChatServer([says("One. "), 1000.0, says("Two.")])
    async with server.running():
        chat = Chat(server.config)
        await chat.open()
        async with aclosing(chat.answer(QUESTION, (), "auto")) as answer:
            assert await anext(answer) == "One. "
        async with asyncio.timeout(5):
            await server.hung_up.wait()
        await chat.close()


async def test_an_endless_answer_has_an_end():
    server = ChatServer([says("word " * 200)] * 100)
    assert len("".join(await ask(server))) <= MAX_LETTERS + 1000


async def test_too_many_tool_calls_are_refused():
    calls = [{"index": index, "function": {"name": "x"}} for index in range(20)]
    with pytest.raises(EngineError, match="more than 8"):
        await ask(ChatServer([delta(tool_calls=calls), DONE]))
