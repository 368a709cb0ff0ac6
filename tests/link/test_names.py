"""Where a relay is when nobody can say where it is."""

import asyncio
import socket
import threading

import pytest
from aiohttp.abc import ResolveResult

from edgevoice.link.names import Found, Names, addresses

pytestmark = pytest.mark.e2e

HOST = "relay.lan"


class NameServer:
    """Blocks like the real one."""

    def __init__(self) -> None:
        self.address = "192.0.2.1"
        self.error: OSError | None = None
        self.is_there = threading.Event()
        self.is_there.set()
        self.asked = 0

    def ask(self, host: str, port: int, family: socket.AddressFamily) -> Found:
        self.asked += 1
        assert self.is_there.wait(10)
        if self.error is not None:
            raise self.error
        return [
            ResolveResult(hostname=host, host=self.address, port=port, family=2, proto=6, flags=0)
        ]


async def place(names: Names) -> str:
    return (await names.resolve(HOST, 443))[0]["host"]


async def test_a_relay_that_has_moved_is_found_where_it_is_now() -> None:
    server = NameServer()
    names = Names(server.ask)
    assert await place(names) == "192.0.2.1"
    server.address = "192.0.2.2"
    assert await place(names) == "192.0.2.2"


@pytest.mark.fault("dns-dead")
async def test_a_name_server_that_knows_it_no_more_is_not_believed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = NameServer()
    names = Names(server.ask)
    await place(names)
    server.error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert await place(names) == "192.0.2.1"
    assert "relay.lan cannot be looked up" in caplog.text


@pytest.mark.fault("dns-dead")
async def test_one_that_is_silent_is_asked_once_however_often_it_is_wanted() -> None:
    server = NameServer()
    names = Names(server.ask, look_s=0.02)
    await place(names)
    server.is_there.clear()
    assert await asyncio.gather(*(place(names) for _ in range(20))) == ["192.0.2.1"] * 20
    assert await place(names) == "192.0.2.1"
    assert server.asked == 2
    server.is_there.set()


@pytest.mark.fault("dns-dead")
async def test_an_answer_that_came_too_late_is_there_for_the_next_attempt() -> None:
    server = NameServer()
    server.is_there.clear()
    names = Names(server.ask, look_s=0.0, most_look_s=0.0)
    with pytest.raises(socket.gaierror, match="no name server answers"):
        await place(names)
    server.is_there.set()
    for thread in threading.enumerate():
        if thread.name == "name server":
            await asyncio.to_thread(thread.join)
    for _ in range(5):  # it has told the loop, and that its future, and that us
        await asyncio.sleep(0)
    server.is_there.clear()
    assert await place(names) == "192.0.2.1"
    server.is_there.set()


@pytest.mark.fault("dns-dead")
async def test_who_was_never_found_is_said_to_be_unknown() -> None:
    server = NameServer()
    server.is_there.clear()
    names = Names(server.ask, most_look_s=0.02)
    with pytest.raises(socket.gaierror, match="no name server answers"):
        await names.resolve(HOST, 443)
    server.is_there.set()


async def test_the_systems_own_names_are_known() -> None:
    found = await Names().resolve("localhost", 443)
    assert {each["host"] for each in found} <= {"127.0.0.1", "::1"}
    assert {each["port"] for each in found} == {443}
    with pytest.raises(OSError):
        addresses("name.invalid", 443, socket.AF_INET)


async def test_what_cannot_be_a_name_is_not_known() -> None:
    with pytest.raises(socket.gaierror, match="no name is written like that"):
        await Names().resolve("x" * 64, 443)
