"""A session over a plain WebSocket, as OpenAI documents it for servers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from edgevoice.conformance.http import MANY
from edgevoice.conformance.talk import Talk, carried
from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed


class SocketTalk(Talk):
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__()
        self.socket = socket

    async def send(self, text: str) -> None:
        await self.socket.send_str(text)

    async def carry(self) -> None:
        async for message in self.socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                self.end(f"a message of type {message.type.name}")
                return
            self.take(message.data)
        self.end(f"closed with code {self.socket.close_code}")


@asynccontextmanager
async def socket_talk(
    target: Target,
    query: str = "",
    headers: dict[str, str] | None = None,
    protocols: Sequence[str] = (),
) -> AsyncIterator[SocketTalk]:
    """`query`: instead of the model; `headers`: instead of the token."""
    url = f"{target.socket_url}?{query or f'model={target.model}'}"
    given = target.bearer if headers is None else headers
    async with aiohttp.ClientSession() as http:
        try:
            socket = await http.ws_connect(
                url, headers=given, protocols=protocols, ssl=target.trust(), max_msg_size=0
            )
        except aiohttp.WSServerHandshakeError as error:
            hint = f" {MANY}" if error.status == 429 else ""
            came = f"status {error.status}{hint}"
            raise CheckFailed("101 Switching Protocols", came) from error
        talk = SocketTalk(socket)
        async with carried(talk.carry()), socket:
            yield talk
