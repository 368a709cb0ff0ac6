"""Asks an OpenAI-compatible chat server and streams what it answers.

Text as it comes, tool calls once they are complete. Closing the iterator closes
the connection, which is how these servers learn that nobody wants the rest.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp

from edgevoice.config import ChatConfig
from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.engines.local.chat_answer import ChatAnswer
from edgevoice.relay.engines.local.event_stream import EventStream, WholeBody
from edgevoice.relay.engines.local.http_server import read_key, reason_in

log = logging.getLogger(__name__)

CONNECT_S = 5.0
MAX_TOKENS = 500
"""Three minutes of speech; nobody listens to more."""
MAX_LETTERS = 8_000
"""For servers that take no notice of max_tokens."""

Piece = str | FunctionCall


class Chat:
    """One server. `open` before use, `close` after; used from one event loop."""

    def __init__(self, config: ChatConfig) -> None:
        self._config = config
        self._url = config.url.rstrip("/") + "/chat/completions"
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Raises CredentialError when the key cannot be read."""
        headers = {"Accept": "text/event-stream"}
        if self._config.key_file:
            key = read_key(self._config.key_file, "relay.local.chat.key_file")
            headers["Authorization"] = f"Bearer {key}"
        self._session = aiohttp.ClientSession(
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            trust_env=False,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def answer(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], tool_choice: Any
    ) -> AsyncGenerator[Piece]:
        """Raises EngineError when the server cannot be reached, refuses, stalls or breaks off."""
        request = self._request(messages, tools, tool_choice)
        answer = ChatAnswer()
        try:
            async with self._post(request) as response:
                await self._refuse_errors(response)
                async with aclosing(self._chunks(response, answer)) as chunks:
                    async for chunk in chunks:
                        if text := answer.take(chunk):
                            yield text
                        if answer.letters > MAX_LETTERS:
                            break
        except TimeoutError:
            raise EngineError(
                f"the chat server at {self._config.url} does not answer in time; "
                "is the model loaded? relay.local.chat.first_token_s sets the patience"
            ) from None
        except aiohttp.ClientError as error:
            raise EngineError(
                f"the chat server at {self._config.url} cannot be used: "
                f"{str(error) or type(error).__name__}"
            ) from None
        calls = answer.function_calls()
        if not (answer.finished or answer.letters or calls):
            raise EngineError(f"the chat server at {self._config.url} ended without an answer")
        for call in calls:
            yield call

    @asynccontextmanager
    async def _post(self, request: dict[str, Any]) -> AsyncIterator[aiohttp.ClientResponse]:
        """Leaving it early closes the connection, which stops the server."""
        assert self._session is not None, "open() comes first"
        async with asyncio.timeout(self._config.first_token_s):
            response = await self._session.post(self._url, json=request, allow_redirects=False)
        try:
            yield response
        finally:
            response.close()

    def _request(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], tool_choice: Any
    ) -> dict[str, Any]:
        request: dict[str, Any] = {
            "messages": list(messages),
            "stream": True,
            "max_tokens": MAX_TOKENS,
        }
        if self._config.model:
            request["model"] = self._config.model
        if tools:
            request["tools"] = [_chat_tool(tool) for tool in tools]
            if isinstance(tool_choice, str) and tool_choice != "auto":
                request["tool_choice"] = tool_choice
        return request

    async def _refuse_errors(self, response: aiohttp.ClientResponse) -> None:
        if response.status == 200:
            return
        async with asyncio.timeout(self._config.idle_s):
            body = await response.content.read(2000)
        reason = reason_in(body)
        hint = {
            401: "; relay.local.chat.key_file holds its key",
            404: "; is /v1 missing in relay.local.chat.url, or the model unknown there?",
        }.get(response.status, "")
        raise EngineError(
            f"the chat server at {self._config.url} refused ({response.status}: {reason}){hint}"
        )

    async def _chunks(
        self, response: aiohttp.ClientResponse, answer: ChatAnswer
    ) -> AsyncGenerator[dict[str, Any]]:
        """The JSON objects of the stream, or the one object of a server that does not stream."""
        stream: EventStream = EventStream()
        if response.content_type == "application/json":
            stream = WholeBody()
        data = b" "
        while data and not stream.done:
            begun = answer.letters or answer.calls
            async with asyncio.timeout(
                self._config.idle_s if begun else self._config.first_token_s
            ):
                data = await response.content.readany()
            for event in stream.push(data) if data else stream.finish():
                if chunk := chunk_of(event):
                    yield chunk


def _chat_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """The Realtime API has a tool's name beside its type, chat servers inside `function`."""
    inner = {key: tool[key] for key in ("name", "description", "parameters") if key in tool}
    return {"type": "function", "function": inner}


def chunk_of(data: bytes | str) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        log.warning("the chat server sent %d bytes that are no JSON; skipped", len(data))
        return None
    return found if isinstance(found, dict) else None
