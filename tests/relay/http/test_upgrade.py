"""Calls that come as a WebSocket: who is let in, what becomes of them, and of misuse."""

import asyncio
import json
import logging

import pytest
from aiohttp import WSCloseCode
from yarl import URL

from edgevoice.relay.carrying.carrier import SocketCarrier
from edgevoice.relay.http.lobby import WAIT_S
from edgevoice.relay.http.upgrade import GOODBYE_S
from edgevoice.webrtc.call import SILENCE_S
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.media_header import Media, parse
from edgevoice.webrtc.rtp_packet import RtpPacket
from edgevoice.webrtc.silence import silence
from tests.link.house import serving
from tests.relay.http.test_signalling import House, refusal
from tests.virtual_time import elapse

PATH = "/v1/realtime"
PROTOCOL = "edgevoice.rtp.v1"
OFFER = Media(Wishes(fec=True), 0).header()
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": PROTOCOL,
    "Edgevoice-Media": OFFER,
}


@pytest.fixture
def house(tmp_path):
    return House(str(tmp_path / "tokens"))


async def connect(house: House, token: str | None = None, path: str = PATH, **options):
    headers = {"Authorization": f"Bearer {token or house.kitchen}", "Edgevoice-Media": OFFER}
    headers |= options.pop("headers", {})
    protocols = options.pop("protocols", [PROTOCOL])
    return await house.client.ws_connect(path, protocols=protocols, headers=headers, **options)


async def ask(house: House, without: str = "", **headers: str):
    """The request as such, for answers that are no upgrade."""
    sent = HANDSHAKE | {"Authorization": f"Bearer {house.kitchen}"} | headers
    sent.pop(without, None)
    return await house.client.get(PATH, headers=sent)


def line_of(house: House):
    """The relay's end of the only call there is."""
    (call,) = house.calls._live.values()
    carrier = call.session._line.leg.transport
    assert isinstance(carrier, SocketCarrier)
    return carrier._call._line


def sound(sequence: int, ssrc: int = 7) -> bytes:
    """A packet of 20 ms of silence."""
    return RtpPacket(ssrc, sequence, sequence * 960, silence(1)).pack()


async def until_closed(socket) -> list:
    messages = []
    async for message in socket:
        messages.append(message.data)
    return messages


async def test_the_upgrade_tells_the_calls_place_and_how_to_speak_to_us(house):
    async def tale(house: House) -> None:
        socket = await connect(house)
        headers = socket._response.headers
        assert socket.protocol == PROTOCOL
        assert headers["Location"].startswith("/v1/realtime/calls/rtc_")
        assert headers["Edgevoice-Version"]
        assert parse(headers["Edgevoice-Media"]).wishes == Wishes(True, False, 32_000, 16_000)
        created = json.loads((await socket.receive()).data)
        assert created["type"] == "session.created"
        await socket.close()
        await elapse(0.1)
        assert house.calls.live == 0

    await house.visit(tale)


async def test_query_and_headers_mean_what_they_mean_for_other_calls(house):
    async def tale(house: House) -> None:
        headers = {"Edgevoice-Version": "9", "Edgevoice-Wake": "name=alexa;start=0;end=4000"}
        socket = await connect(house, path=PATH + "?model=gpt-y", headers=headers)
        assert json.loads((await socket.receive()).data)["session"]["model"] == "gpt-y"
        (call,) = house.calls._live.values()
        assert call.session._terms.extensions
        assert call.session._terms.wake.name == "alexa"
        await socket.close()

    await house.visit(tale)


@pytest.mark.parametrize(
    ("without", "headers", "expected"),
    [
        ("Authorization", {}, (401, "invalid_api_key")),
        ("", {"Authorization": "Bearer guess"}, (401, "invalid_api_key")),
        ("", {"Sec-WebSocket-Protocol": "chat"}, (400, "invalid_value")),
        ("Upgrade", {}, (400, "invalid_value")),
        ("Sec-WebSocket-Key", {}, (400, "invalid_value")),
        ("", {"Sec-WebSocket-Version": "3"}, (400, "invalid_value")),
        ("Edgevoice-Media", {}, (400, "invalid_offer")),
        ("", {"Edgevoice-Media": "first-timestamp=x"}, (400, "invalid_offer")),
        ("", {"Edgevoice-Wake": "nonsense"}, (400, "invalid_value")),
    ],
)
async def test_what_is_no_call_is_refused_in_openais_shape(house, without, headers, expected):
    async def tale(house: House) -> None:
        assert await refusal(await ask(house, without, **headers)) == expected
        assert house.calls.live == 0

    await house.visit(tale)


async def test_a_key_among_the_subprotocols_is_not_written_down(house, caplog):
    async def tale(house: House) -> None:
        asked = "openai-insecure-api-key.sk-secret, chat"
        response = await ask(house, **{"Sec-WebSocket-Protocol": asked})
        assert await refusal(response) == (400, "invalid_value")

    with caplog.at_level(logging.DEBUG):
        await house.visit(tale)
    assert "sk-secret" not in caplog.text


async def test_it_is_hung_up_like_any_other_call(house, caplog):
    async def tale(house: House) -> None:
        socket = await connect(house)
        place = socket._response.headers["Location"]
        authorization = {"Authorization": f"Bearer {house.kitchen}"}
        response = await house.client.post(place + "/hangup", headers=authorization)
        assert response.status == 200
        await until_closed(socket)
        assert socket.close_code == WSCloseCode.OK
        await elapse(0.1)
        assert house.calls.live == 0

    with caplog.at_level(logging.INFO, "edgevoice.relay.audit"):
        await house.visit(tale)
    begins, ends = [record.getMessage() for record in caplog.records]
    assert "caller=kitchen begins" in begins
    assert ends.endswith("reason=the client hung up")


async def test_it_counts_among_the_calls_of_its_token(tmp_path):
    async def tale(house: House) -> None:
        first = await connect(house)
        assert (await house.call()).status == 201
        await until_closed(first)
        assert first.close_code == WSCloseCode.OK
        second = await connect(house)
        await elapse(0.1)
        assert house.calls.live == 1
        assert await refusal(await ask(house)) == (429, "rate_limit_exceeded")
        await second.close()

    house = House(str(tmp_path / "tokens"), sessions_per_token=1, starts_per_minute=3)
    await house.visit(tale)


async def test_its_minutes_count(tmp_path):
    async def tale(house: House) -> None:
        socket = await connect(house)
        reading = asyncio.get_running_loop().create_task(until_closed(socket))
        await elapse(40)
        await socket.close()
        await reading
        socket = await connect(house)
        started = asyncio.get_running_loop().time()
        last = json.loads((await until_closed(socket))[-1])
        assert last["error"]["code"] == "session_expired"
        assert asyncio.get_running_loop().time() - started < 21
        assert await refusal(await ask(house)) == (429, "insufficient_quota")

    await House(str(tmp_path / "tokens"), minutes_per_day=1, session_s=300).visit(tale)


async def test_whoever_stays_is_served_and_not_shown_out(house):
    async def tale(house: House) -> None:
        socket = await connect(house)
        server = house.client.server.runner.server
        lobby = house.lobby
        watching = asyncio.get_running_loop().create_task(lobby.run(lambda: server.connections))
        reading = asyncio.get_running_loop().create_task(until_closed(socket))
        await elapse(3 * WAIT_S)
        assert house.calls.live == 1
        assert lobby.waiting == 0
        watching.cancel()
        await socket.close()
        await reading

    await house.visit(tale)


# Those who do not keep the rules.


@pytest.mark.parametrize("garbage", [b"", b"\0" * 5, b"\xff" * 60, sound(1)[:12], bytes(9_000)])
async def test_a_message_that_is_no_packet_ends_the_call(house, garbage):
    async def tale(house: House) -> None:
        socket = await connect(house)
        await socket.send_bytes(garbage)
        await until_closed(socket)
        assert socket.close_code == WSCloseCode.PROTOCOL_ERROR
        await elapse(0.1)
        assert house.calls.live == 0

    await house.visit(tale)


async def test_packets_of_another_sender_are_not_heard(house):
    async def tale(house: House) -> None:
        socket = await connect(house)
        for n in range(5):
            await socket.send_bytes(sound(n))
            await socket.send_bytes(sound(n, ssrc=8))
        await elapse(0.1)
        receiver = line_of(house).receiver
        assert (receiver.received, receiver.foreign) == (5, 5)
        await socket.close()

    await house.visit(tale)


@pytest.mark.parametrize("size", [262_145, 3_000_000])
@pytest.mark.fault("hostile-events")
async def test_an_event_beyond_the_cap_ends_the_call(house, size):
    async def tale(house: House) -> None:
        socket = await connect(house)
        try:
            await socket.send_str("x" * size)
        except ConnectionError:
            pass  # the relay has not read to the end
        await until_closed(socket)
        await elapse(0.1)
        assert house.calls.live == 0

    await house.visit(tale)


async def test_a_flood_of_events_ends_the_call(house):
    async def tale(house: House) -> None:
        socket = await connect(house)
        for _ in range(3_000):
            await socket.send_str('{"type":"input_audio_buffer.clear"}')
        events = await until_closed(socket)
        assert len([event for event in events if "rate_limit_exceeded" in event]) == 1

    await house.visit(tale)


async def test_a_flood_of_pings_and_packets_is_survived(house):
    async def tale(house: House) -> None:
        socket = await connect(house)
        reading = asyncio.get_running_loop().create_task(until_closed(socket))
        for n in range(5_000):
            await socket.ping(b"?" * 125)
            await socket.send_bytes(sound(n))
        await elapse(1)
        line = line_of(house)
        assert line.overruns == 0
        assert line.receiver.samples == 5_000 * 320
        await socket.close()
        await reading

    await house.visit(tale)


async def test_a_client_that_does_not_answer_any_more_is_given_up(house):
    """Half open: the connection is there, and nobody at its end."""

    async def tale(house: House) -> None:
        socket = await connect(house, autoping=False)
        await elapse(SILENCE_S + GOODBYE_S + 0.1)
        assert house.calls.live == 0
        socket._response.close()

    await house.visit(tale)


async def test_a_client_that_does_not_read_takes_no_memory(house):
    """It goes on sending; the answer waits where it was made, and too many events are too many."""

    async def tale(house: House) -> None:
        socket = await connect(house, autoping=False)
        line = line_of(house)
        (call,) = house.calls._live.values()
        for n in range(20):
            await socket.send_bytes(sound(n))
            call.session._line.send("x" * 100_000)
            await elapse(0.1)
        assert line.in_flight.pending_bytes < 200_000
        assert line.bufferedAmount > 1_500_000
        for _ in range(30):
            call.session._line.send("x" * 100_000)
        await elapse(3)
        assert line.ended == "the other side does not read its events"
        assert house.calls.live == 0
        assert house.client.server.runner.server.connections == []
        socket._response.close()

    await house.visit(tale)


async def test_a_client_that_leaves_during_the_handshake_leaves_no_call(house):
    """Not with aiohttp's own test server, which cancels a handler whose client has left."""

    async def tale() -> None:
        async with serving(house._application()) as url:
            _, request = await asyncio.open_connection("127.0.0.1", URL(url).port)
            headers = HANDSHAKE | {"Host": "x", "Authorization": f"Bearer {house.kitchen}"}
            lines = [f"{name}: {value}" for name, value in headers.items()]
            async with house.calls._placing["kitchen"]:
                request.write("\r\n".join([f"GET {PATH} HTTP/1.1", *lines, "", ""]).encode())
                await elapse(0.1)
                request.transport.abort()
                await elapse(0.1)
            await elapse(1)
            assert house.calls.live == 0

    await house.calls.run(tale())
