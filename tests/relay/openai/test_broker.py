"""Calls that the relay places for a device: the sound passes it by, and it looks after them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edgevoice.config import UpstreamConfig
from edgevoice.relay.openai.brokered import BrokeredCall
from edgevoice.relay.openai.server import Server
from edgevoice.relay.openai.upstream import Upstream
from edgevoice.relay.patience import Patience
from edgevoice.transceiver.states import State
from tests.link.direct_house import KEY, DirectHouse, direct_house
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import OpenAiServer
from tests.openai_server.test_server import Client
from tests.relay.tool_use.house import House
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import raw

pytestmark = pytest.mark.slow


def brokering(
    folder: Path,
    behaviour: Behaviour | None = None,
    fallback: str = "none",
    **settings: Any,
) -> AbstractAsyncContextManager[DirectHouse]:
    return direct_house(
        folder,
        behaviour,
        relay_settings={"engine": "openai"},
        upstream={"mode": "broker", "fallback": fallback, "model": "m-1"},
        direct=False,
        **settings,
    )


def live(house: DirectHouse) -> BrokeredCall:
    (call,) = house.relay._calls._live.values()
    assert isinstance(call.session, BrokeredCall)
    return call.session


async def woken(house: DirectHouse) -> None:
    await elapse(1)
    house.device.wake()
    await house.device.until(State.LISTENING)
    await elapse(0.5)


async def ask(house: DirectHouse) -> None:
    await house.device.speak(1.0)
    await house.device.until(State.SPEAKING)
    await house.device.until(State.LISTENING)


async def test_device_and_server_talk_directly_and_the_relay_listens(tmp_path: Path) -> None:
    async with brokering(tmp_path, Behaviour(answer_s=0.5)) as house:
        await woken(house)
        await ask(house)
        call = live(house)
        assert (call.turns, call.responses) == (1, 1)
        assert [item.type for item in call.conversation.items] == ["message"] * 2
        place, aside = (seen for seen in house.server.seen if "hangup" not in seen.path)
        assert place.body["model"] == "m-1" and place.body["type"] == "realtime"
        assert place.headers["Authorization"] == aside.headers["Authorization"] == f"Bearer {KEY}"
        assert aside.path == "/v1/realtime?call_id=rtc_1"
        assert house.device.token not in str([seen.headers for seen in house.server.seen])
        assert house.server.violations == []


async def test_the_device_takes_it_for_a_foreign_server(tmp_path: Path) -> None:
    async with brokering(tmp_path) as house:
        await woken(house)
        await ask(house)
        received = [event["type"] for event in house.session.received]
        assert not any(kind.startswith("edgevoice") for kind in received)
        assert "input_audio_buffer.append" in received


async def test_the_device_hangs_up_and_the_call_is_over_everywhere(tmp_path: Path) -> None:
    async with brokering(tmp_path) as house:
        await woken(house)
        house.device.board.link.close("test")
        await elapse(2)
        assert house.session.closed == "the client hung up"
        assert house.relay._calls.live == 0


async def test_a_revoked_device_is_hung_up_within_a_second(tmp_path: Path) -> None:
    async with brokering(tmp_path) as house:
        await woken(house)
        (call_id,) = house.relay._calls._live
        session = house.session
        house.relay._calls.end(call_id, "revoked", "revoked")
        await elapse(0.5)
        assert session.closed == "the client hung up"


async def test_one_that_the_server_has_ended_is_over(tmp_path: Path) -> None:
    """The device, which is in the middle of a talk, makes another one."""
    async with brokering(tmp_path) as house:
        await woken(house)
        first = live(house)
        house.session.hang_up("the server is tired")
        await elapse(3)
        assert not first.is_running
        assert live(house) is not first


async def test_a_second_call_of_the_same_device_ends_the_first(tmp_path: Path) -> None:
    async with brokering(tmp_path) as house:
        await woken(house)
        first = house.session
        other = Client(house.server, house.relay_url)
        assert await other.call(house.device.token) == 201
        await elapse(0.5)
        assert first.closed == "the client hung up"
        await other.caller.peer.close()


async def test_an_offer_that_is_none_is_the_callers_fault(tmp_path: Path) -> None:
    async with brokering(tmp_path, fallback="local", opus=True) as house:
        headers = {"Authorization": f"Bearer {house.device.token}"}
        headers["Content-Type"] = "application/sdp"
        place = house.relay_url + "/v1/realtime/calls"
        async with (
            aiohttp.ClientSession() as http,
            http.post(place, data="v=0", headers=headers) as response,
        ):
            assert response.status == 400
        await woken(house)
        assert live(house)


async def test_where_the_server_cannot_be_had_the_relay_carries_the_call(tmp_path: Path) -> None:
    def away(server: OpenAiServer) -> None:
        server.down = True

    async with brokering(tmp_path, on_server=away, fallback="local", opus=True) as house:
        await woken(house)
        await ask(house)
        assert not house.server.sessions
        (call,) = house.relay._calls._live.values()
        assert call.session.extensions


async def test_without_a_stand_in_the_device_is_told(tmp_path: Path) -> None:
    def away(server: OpenAiServer) -> None:
        server.down = True

    async with brokering(tmp_path, on_server=away) as house:
        await elapse(1)
        house.device.wake()
        await elapse(3)
        assert house.device.states[-1] is not State.LISTENING
        assert house.relay._calls.live == 0


async def test_nothing_of_the_key_or_the_words_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with brokering(tmp_path) as house:
        await woken(house)
        await ask(house)
    assert KEY not in caplog.text and "It is late" not in caplog.text


async def test_a_tool_of_the_relay_is_not_the_devices_to_answer_for(tmp_path: Path) -> None:
    behaviour = Behaviour(answer_s=0.5)
    async with brokering(tmp_path, behaviour) as house:
        box = House()
        house.relay._calls._answerer._servers.for_caller = lambda name: box  # type: ignore[method-assign]
        await woken(house)
        behaviour.calls = [("temperature", "{}")]
        await ask(house)
        session = house.session
        assert box.called == [("temperature", {})]
        kinds = [item["type"] for item in session.items.values()]
        assert kinds == ["message", "function_call", "function_call_output", "message"]
        assert session.asides.count("response.create") == 1
        assert [e["type"] for e in session.received].count("response.create") <= 2


class Clock:
    """One tool of the relay."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def definitions(self) -> Sequence[dict[str, Any]]:
        return [{"type": "function", "name": "clock", "parameters": {"type": "object"}}]

    async def run_tool(self, name: str, arguments: str) -> str:
        self.calls.append((name, arguments))
        await asyncio.sleep(0.5)
        return '{"time":"12:00"}'


@asynccontextmanager
async def attended(
    folder: Path, behaviour: Behaviour, patience: Patience | None = None
) -> AsyncIterator[tuple[Client, BrokeredCall, Clock]]:
    """A call of a plain client that the relay has placed, with a tool of the relay's."""
    (folder / "key").write_text(KEY)
    behaviour.codec = raw(16_000)
    there = OpenAiServer(KEY, behaviour)
    async with there.serving() as url, asyncio.TaskGroup() as group:
        config = UpstreamConfig(url=url, key_file=str(folder / "key"), mode="broker")
        async with Upstream(config, folder / "key") as upstream:
            server, client, clock = Server(config, upstream), Client(there, url), Clock()
            placed = await server.place("kitchen", await client.offer(), {}, clock)
            assert placed is not None
            await client.caller.accept(placed.answer)
            now = asyncio.get_running_loop().time()
            call = BrokeredCall(
                server, placed.call_id, patience or Patience(60.0, 600.0, now), clock
            )
            tasks = [group.create_task(client.carry()), group.create_task(call.run())]
            await elapse(1)
            yield client, call, clock
            call.hang_up("the end")
            await tasks[1]
            tasks[0].cancel()
            await client.caller.peer.close()


async def test_the_relay_runs_its_own_tools_and_no_other(tmp_path: Path) -> None:
    behaviour = Behaviour(calls=[("clock", '{"zone":"UTC"}'), ("lamp", "{}")])
    async with attended(tmp_path, behaviour) as (client, _, clock):
        client.say("response.create")
        await elapse(3)
        assert clock.calls == [("clock", '{"zone":"UTC"}')]
        session = client.server.session
        asked = [kind for kind in session.asides if kind != "session.update"]
        assert asked == ["conversation.item.create", "response.create"]
        output = next(i for i in session.items.values() if i["type"] == "function_call_output")
        assert output["output"] == '{"time":"12:00"}'
        assert client.kinds.count("response.created") == 2


async def test_tools_of_the_client_do_not_take_away_the_relays(tmp_path: Path) -> None:
    async with attended(tmp_path, Behaviour()) as (client, _, _clock):
        own = [{"type": "function", "name": "lamp"}]
        assert [tool["name"] for tool in client.server.session.effective.tools] == ["clock"]
        client.say("session.update", session={"type": "realtime", "tools": own})
        await elapse(1)
        names = [tool["name"] for tool in client.server.session.effective.tools]
        assert names == ["lamp", "clock"]


async def test_the_minutes_of_a_day_end_it(tmp_path: Path) -> None:
    now = asyncio.get_running_loop().time()
    long = Behaviour(answer_s=30.0)
    async with attended(tmp_path, long, Patience(60.0, 10.0, now)) as (client, call, _):
        client.say("response.create")
        await elapse(11)
        assert not call.is_running
        assert client.server.session.closed == "the client hung up"


async def test_a_call_nobody_uses_is_hung_up(tmp_path: Path) -> None:
    now = asyncio.get_running_loop().time()
    async with attended(tmp_path, Behaviour(), Patience(10.0, 600.0, now)) as (client, call, _):
        await elapse(15)
        assert not call.is_running
        assert client.server.session.closed == "the client hung up"


async def test_a_call_that_cannot_be_looked_after_is_hung_up(tmp_path: Path) -> None:
    async with attended(tmp_path, Behaviour()) as (client, call, _):
        client.server.down = True
        for tell in list(client.server.session.attending):
            tell.cancel()
        await elapse(20)
        assert not call.is_running
