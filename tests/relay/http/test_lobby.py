"""Who asks for nothing is shown out; who asks in no language we know is not written down."""

import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.http_exceptions import InvalidHeader
from aiohttp.test_utils import TestServer

from edgevoice.relay.http import lobby
from edgevoice.relay.http.lobby import MAX_WAITING, WAIT_S, Lobby


class Visitor:
    def __init__(self) -> None:
        self.is_out = False

    def force_close(self) -> None:
        self.is_out = True


def test_who_asks_for_nothing_is_shown_out_after_a_while():
    rooms, early, late = Lobby(), Visitor(), Visitor()
    rooms.look([early], 0.0)
    rooms.look([early, late], WAIT_S - 1)
    assert not early.is_out
    rooms.look([early, late], WAIT_S)
    assert (early.is_out, late.is_out) == (True, False)


def test_when_many_wait_the_oldest_make_room():
    rooms, visitors = Lobby(), [Visitor() for _ in range(MAX_WAITING + 3)]
    for now in range(3):
        rooms.look(visitors[: now + 1], now / 10)
    rooms.look(visitors, 1.0)
    assert [visitor.is_out for visitor in visitors] == [True] * 3 + [False] * MAX_WAITING


def test_who_has_left_is_forgotten():
    rooms = Lobby()
    rooms.look([Visitor()], 0.0)
    rooms.look([], 1.0)
    assert rooms.waiting == 0


async def test_a_connection_waits_from_its_beginning_but_not_while_it_is_served():
    rooms = Lobby()
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        asked.set()
        await answer.wait()
        return web.Response(text="done")

    app = web.Application(middlewares=[rooms.serve])
    app.router.add_get("/", slow)
    async with TestServer(app) as server:
        assert server.runner.server is not None
        connections = server.runner.server
        idle, idle_out = await asyncio.open_connection(server.host, server.port)
        idle_out.write(b"GET / HTTP/1.1\r\nHost: x\r\nA")
        busy, busy_out = await asyncio.open_connection(server.host, server.port)
        busy_out.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asked.wait()
        for now in (0.0, WAIT_S):
            rooms.look(connections.connections, now)
        assert await asyncio.wait_for(idle.read(), 5) == b""
        answer.set()
        assert b"200 OK" in await asyncio.wait_for(busy.readline(), 5)
        for now in (20.0, 20.0 + WAIT_S):
            rooms.look(connections.connections, now)
        assert (await asyncio.wait_for(busy.read(), 5)).endswith(b"done")
        for writer in (idle_out, busy_out):
            writer.close()


@pytest.mark.parametrize("error", [InvalidHeader(b"Bearer ev_secret\0"), OSError("our own")])
def test_what_was_malformed_is_not_logged_and_what_is_our_fault_is(error, caplog):
    with caplog.at_level(logging.DEBUG):
        lobby.log.error("Error handling request", exc_info=error)
    assert ("Error handling" in caplog.text) == isinstance(error, OSError)
    assert "secret" not in caplog.text
