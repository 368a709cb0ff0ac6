"""Further connections to a live call: what they see, what they may, and whom they disturb."""

import asyncio

import pytest

from edgevoice.config import RelayConfig
from edgevoice.relay.carrying.event_socket import MAX_WAITING_BYTES, STALL_S
from edgevoice.relay.carrying.sideband import MOST
from tests.relay.http.test_signalling import House, refusal
from tests.relay.socket_client import PATH, SocketClient, connect, pcm
from tests.relay.story import DEVICE, FakeCall, Story, spoken, tell
from tests.virtual_time import elapse


@pytest.fixture
def house(tmp_path):
    return House(str(tmp_path / "tokens"))


async def join(house: House, client: SocketClient) -> SocketClient:
    return await connect(house, f"?call_id={client.call_id}")


async def test_it_sees_what_the_client_sees_from_then_on(house):
    async def tale(house: House) -> None:
        house.engine.words = ["what time is it"]
        client = await connect(house)
        await client.send("session.update", session={"instructions": "be brief"})
        await client.until("session.updated")
        sideband = await join(house, client)
        assert sideband.events[0]["session"]["instructions"] == "be brief"
        mark = len(client.events)
        await client.say()
        await client.until("response.done")
        await sideband.until("response.done")
        assert sideband.events[1:] == client.events[mark:]
        await sideband.socket.close()
        await client.socket.close()

    await house.visit(tale)


async def test_it_answers_a_tool_and_changes_the_session(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        sideband = await join(house, client)
        output = {"type": "function_call_output", "call_id": "call_1", "output": "{}"}
        await sideband.send("session.update", session={"instructions": "whisper"})
        await sideband.send("conversation.item.create", item=output)
        await sideband.send("response.create")
        await client.until("response.done")
        assert client.all("session.updated")[0]["session"]["instructions"] == "whisper"
        assert house.engine.requests[0].instructions == "whisper"
        assert client.all("conversation.item.done")[0]["item"]["call_id"] == "call_1"
        await client.socket.close()
        await sideband.until_closed()

    await house.visit(tale)


async def test_its_errors_are_its_own(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        sideband = await join(house, client)
        await sideband.send("response.cancel", event_id="e1")
        await sideband.send("nonsense", event_id="e2")
        await sideband.send("conversation.item.retrieve", item_id="x", event_id="e3")
        for name in ("e1", "e2", "e3"):
            assert (await sideband.until("error"))["error"]["event_id"] == name
        await client.send("response.cancel", event_id="mine")
        assert (await client.until("error"))["error"]["event_id"] == "mine"
        assert len(client.all("error")) == 1
        await client.socket.close()

    await house.visit(tale)


async def test_sound_is_the_clients_alone(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        sideband = await join(house, client)
        await sideband.append(pcm(8_000, 1_000), event_id="e1")
        await sideband.send("output_audio_buffer.clear", event_id="e2")
        await sideband.send("edgevoice.ping", event_id="e3")
        for name in ("e1", "e2", "e3"):
            assert (await sideband.until("error"))["error"]["event_id"] == name
        await client.socket.close()

    await house.visit(tale)


async def test_when_the_call_ends_it_is_closed(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        sideband = await join(house, client)
        await client.socket.close()
        await sideband.until_closed()
        assert sideband.socket.close_code == 1001
        await elapse(0.1)
        assert house.calls.live == 0
        assert await refusal(await ask(house, client.call_id)) == (404, "not_found")

    await house.visit(tale)


async def test_when_it_leaves_the_call_goes_on(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        for _ in range(3 * MOST):
            sideband = await join(house, client)
            await sideband.socket.close()
            await elapse(0.1)
        await client.send("response.create")
        await client.until("response.done")
        assert house.session.sidebands.count == 0
        await client.socket.close()

    await house.visit(tale)


async def test_one_that_does_not_read_is_dropped_and_disturbs_nobody(house):
    async def tale(house: House) -> None:
        house.engine.answers = [spoken(*["More."] * 100, ms=1_000)]
        client = await connect(house)
        sideband = await join(house, client)
        sideband.socket._response.connection.transport.pause_reading()
        began = asyncio.get_running_loop().time()
        await client.send("response.create")
        await client.until("response.done")
        assert asyncio.get_running_loop().time() - began < 5
        assert len(client.sound()) == len(pcm(0, 100_000)) > MAX_WAITING_BYTES
        await elapse(STALL_S)
        assert house.session.sidebands.count == 0
        sideband.socket._response.close()
        await client.socket.close()

    await house.visit(tale)


async def ask(house: House, call_id: str, key: str | None = None):
    headers = {"Authorization": f"Bearer {key or house.kitchen}"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers |= upgrade | {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    return await house.client.get(f"{PATH}?call_id={call_id}", headers=headers)


async def test_only_the_callers_own_calls_can_be_joined_and_not_by_many(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        assert await refusal(await ask(house, "rtc_unknown")) == (404, "not_found")
        assert await refusal(await ask(house, client.call_id, house.hall)) == (403, "forbidden")
        assert await refusal(await ask(house, client.call_id, "x")) == (401, "invalid_api_key")
        joined = [await join(house, client) for _ in range(MOST)]
        assert await refusal(await ask(house, client.call_id)) == (429, "rate_limit_exceeded")
        await client.socket.close()
        for sideband in joined:
            await sideband.until_closed()

    await house.visit(tale)


def test_what_is_between_a_device_and_us_is_not_overheard():
    async def tale(story: Story) -> None:
        listener = FakeCall()
        sidebands = story.session.sidebands
        assert sidebands.join(lambda called: listener)
        (sideband,) = sidebands._joined
        sideband.on_open()
        story.engine.answers = [[*spoken("One.", "Two.", ms=2_000), 60.0]]
        story.say("hello")
        await elapse(1)
        story.send("response.cancel")
        story.send("output_audio_buffer.clear")
        await elapse(1)
        assert "edgevoice.received" in {event["type"] for event in story.call.sent}
        kinds = [event["type"] for event in listener.sent]
        assert kinds[0] == "session.created"
        assert not any(kind.startswith("edgevoice") for kind in kinds)
        truncated = [e for e in listener.sent if e["type"] == "conversation.item.truncated"]
        assert truncated
        assert "heard_text" not in truncated[0]
        assert "heard_text" in story.last("conversation.item.truncated")

    tell(tale, config=RelayConfig(), terms=DEVICE)
