"""Calls of OpenAI's own clients over a WebSocket: events, and sound inside them."""

import asyncio
import base64
import json
import logging

import numpy as np
import pytest
from aiohttp import WSCloseCode

from edgevoice.audio.g711 import A_LAW, MU_LAW
from edgevoice.relay.carrying.event_socket import MAX_WAITING_BYTES, PING_S, STALL_S
from edgevoice.relay.http import signalling
from tests.relay.http.test_signalling import House, refusal
from tests.relay.socket_client import PATH, SocketClient, connect, pcm
from tests.relay.story import spoken
from tests.virtual_time import elapse


@pytest.fixture
def house(tmp_path):
    return House(str(tmp_path / "tokens"))


async def test_a_spoken_turn_is_answered_by_sound_in_events(house):
    async def tale(house: House) -> None:
        house.engine.words = ["what time is it"]
        house.engine.answers = [spoken("It is.", "Ten.", ms=300)]
        client = await connect(house)
        await client.say()
        await client.until("rate_limits.updated")
        await client.socket.close()

        start = client.kinds.index("response.created")
        assert client.kinds[start:] == [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
            "response.output_audio.delta",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "conversation.item.done",
            "response.output_item.done",
            "response.done",
            "rate_limits.updated",
        ]
        assert client.sound() == pcm(5_000, 600)
        places = [{**event, "delta": "", "event_id": ""} for event in client.all(DELTA)]
        assert places.count(places[0]) == 4
        assert places[0]["item_id"] == client.all("conversation.item.done")[-1]["item"]["id"]
        assert client.events[0]["session"]["model"] == "gpt-realtime"
        assert not any(
            kind.startswith(("edgevoice", "output_audio_buffer")) for kind in client.kinds
        )

    await house.visit(tale)


DELTA = "response.output_audio.delta"


async def test_sound_comes_as_fast_as_it_is_made(house):
    async def tale(house: House) -> None:
        house.engine.answers = [spoken("Long.", ms=15_000)]
        client = await connect(house)
        began = asyncio.get_running_loop().time()
        await client.send("response.create")
        await client.until("response.done")
        assert asyncio.get_running_loop().time() - began < 0.5
        assert len(client.sound()) == len(pcm(0, 15_000))
        await client.socket.close()

    await house.visit(tale)


@pytest.mark.parametrize(("format", "law"), [("audio/pcmu", MU_LAW), ("audio/pcma", A_LAW)])
async def test_telephones_are_heard_and_spoken_to_in_their_own_coding(house, format, law):
    async def tale(house: House) -> None:
        house.engine.words = ["hello"]
        house.engine.answers = [spoken("Yes.", ms=500)]
        client = await connect(house)
        sides = {side: {"format": {"type": format}} for side in ("input", "output")}
        await client.send("session.update", session={"type": "realtime", "audio": sides})
        updated = await client.until("session.updated")
        assert updated["session"]["audio"]["output"]["format"] == {"type": format}
        noise = np.frombuffer(pcm(8_000, 1_000, 8_000) + pcm(0, 700, 8_000), np.int16)
        await client.append(law.encode(noise))
        done = await client.until("response.done")
        assert done["response"]["audio"]["output"]["format"] == {"type": format}
        said = law.decode(client.sound())
        assert abs(len(said) - 4_000) < 20
        assert abs(int(said[2_000]) - 5_000) < 200
        (utterance,) = house.engine.utterances
        assert abs(len(utterance.samples) / 16 - 1_220) < 40
        await client.socket.close()

    await house.visit(tale)


async def test_other_codings_are_refused(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        for format in ({"type": "audio/opus"}, {"type": "audio/pcm", "rate": 16_000}):
            audio = {"input": {"format": format}}
            await client.send("session.update", session={"audio": audio}, event_id="e1")
            error = (await client.until("error"))["error"]
            assert (error["code"], error["event_id"]) == ("invalid_value", "e1")
        await client.socket.close()

    await house.visit(tale)


async def test_openais_own_client_has_a_turn(house):
    """Every event is one of its types, valid by its schema."""
    openai = pytest.importorskip("openai")
    from openai._models import validate_type
    from openai.types.realtime import RealtimeServerEvent

    async def tale(house: House) -> None:
        house.engine.words = ["what time is it"]
        house.engine.answers = [spoken("It is ten.", ms=300)]
        base_url = str(house.client.make_url("/v1"))
        async with (
            openai.AsyncOpenAI(api_key=house.kitchen, base_url=base_url) as client,
            client.realtime.connect(model="gpt-realtime-2.1") as connection,
        ):
            await connection.session.update(session={"type": "realtime", "tracing": "auto"})
            noise = pcm(8_000, 1_000) + pcm(0, 700)
            await connection.input_audio_buffer.append(audio=base64.b64encode(noise).decode())
            sound, kinds = b"", []
            async for event in connection:
                kinds.append(event.type)
                validate_type(value=event.to_dict(), type_=RealtimeServerEvent)
                if event.type == DELTA:
                    sound += base64.b64decode(event.delta)
                if event.type == "rate_limits.updated":
                    break
        assert sound == pcm(5_000, 300)
        assert kinds[:2] == ["session.created", "session.updated"]
        assert "conversation.item.input_audio_transcription.completed" in kinds

    await house.visit(tale)


async def test_who_intends_to_transcribe_is_not_answered(house):
    async def tale(house: House) -> None:
        house.engine.words = ["dear aunt"]
        client = await connect(house, "?intent=transcription")
        assert client.events[0]["session"]["type"] == "transcription"
        await client.say()
        done = await client.until("conversation.item.input_audio_transcription.completed")
        assert done["transcript"] == "dear aunt"
        await elapse(1)
        assert house.engine.requests == []
        await client.socket.close()

    await house.visit(tale)


# Interruptions.


async def test_who_speaks_into_an_answer_ends_it_and_says_what_was_played(house):
    async def tale(house: House) -> None:
        house.engine.words = ["stop"]
        house.engine.answers = [[*spoken("One.", "Two.", "Three."), 60.0], spoken("Well.")]
        client = await connect(house)
        await client.send("response.create")
        for _ in range(15):
            await client.until(DELTA)
        item_id = client.events[-1]["item_id"]
        await client.say()
        done = await client.until("response.done")
        assert done["response"]["status_details"]["reason"] == "turn_detected"
        place = {"item_id": item_id, "content_index": 0}
        await client.send("conversation.item.truncate", **place, audio_end_ms=3_001, event_id="e1")
        error = (await client.until("error"))["error"]
        assert (error["code"], error["event_id"]) == ("invalid_value", "e1")
        assert "3000 ms is already shorter than 3001 ms" in error["message"]
        await client.send("conversation.item.truncate", **place, audio_end_ms=1_200)
        truncated = await client.until("conversation.item.truncated")
        assert {key: truncated[key] for key in truncated.keys() - {"event_id"}} == {
            "type": "conversation.item.truncated",
            **place,
            "audio_end_ms": 1_200,
        }
        await client.send("conversation.item.retrieve", item_id=item_id)
        item = (await client.until("conversation.item.retrieved"))["item"]
        assert item["content"][0]["transcript"] == "One.Two."
        await client.socket.close()

    await house.visit(tale)


async def test_what_is_not_truncated_counts_as_heard(house):
    async def tale(house: House) -> None:
        house.engine.words = ["go on"]
        house.engine.answers = [spoken("One.", "Two."), spoken("Three.")]
        client = await connect(house)
        await client.send("response.create")
        await client.until("response.done")
        await client.say()
        await client.until("response.done")
        assert "conversation.item.truncated" not in client.kinds
        told = [item.content[0].transcript for item in house.engine.requests[-1].items]
        assert told == ["One.Two.", "go on"]
        await client.socket.close()

    await house.visit(tale)


async def test_there_is_no_output_buffer_to_clear(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        await client.send("output_audio_buffer.clear", event_id="e1")
        assert (await client.until("error"))["error"]["event_id"] == "e1"
        await client.socket.close()

    await house.visit(tale)


async def test_events_of_ours_are_unknown_to_others(house):
    async def tale(house: House) -> None:
        client = await connect(house, headers={"Edgevoice-Version": "9"})
        for kind in ("edgevoice.ping", "edgevoice.wake", "edgevoice.resume"):
            fields = {"name": "x", "start_sample": 0, "end_sample": 9, "events": 0}
            await client.send(kind, event_id=kind, **fields)
            assert (await client.until("error"))["error"]["event_id"] == kind
        await client.socket.close()

    await house.visit(tale)


async def test_the_silence_of_who_still_listens_is_no_silence(house):
    """An answer of 20 s is there at once; 5 s of silence count from its end on."""

    async def tale(house: House) -> None:
        house.engine.words = [""]
        house.engine.answers = [spoken("Long.", ms=20_000), spoken("Still there?")]
        client = await connect(house)
        detection = {"type": "server_vad", "idle_timeout_ms": 5_000}
        audio = {"input": {"turn_detection": detection}}
        await client.send("session.update", session={"audio": audio})
        await client.send("response.create")
        await client.until("response.done")
        for seconds in range(26):
            await elapse(1)
            await client.append(pcm(0, 1_000))
            assert len(house.engine.requests) == 1 + (seconds > 24), seconds
        await client.until("input_audio_buffer.timeout_triggered")
        await client.until("response.done")
        await client.socket.close()

    await house.visit(tale)


# Browsers.


async def test_a_browsers_key_is_a_subprotocol_and_is_never_repeated(house, caplog):
    async def tale(house: House) -> None:
        protocols = ["realtime", f"openai-insecure-api-key.{house.kitchen}", "openai-agents-sdk.x"]
        socket = await house.client.ws_connect(PATH, protocols=protocols)
        assert socket.protocol == "realtime"
        assert house.kitchen not in str(socket._response.headers)
        await socket.close()
        asked = {"Sec-WebSocket-Protocol": "realtime, openai-insecure-api-key.sk-wrong"}
        response = await house.client.get(PATH, headers=asked)
        assert await refusal(response) == (401, "invalid_api_key")
        asked = {"Sec-WebSocket-Protocol": f"openai-insecure-api-key.{house.kitchen}"}
        response = await house.client.get(PATH, headers=asked)
        assert await refusal(response) == (400, "invalid_value")

    with caplog.at_level(logging.DEBUG):
        await house.visit(tale)
    assert house.kitchen not in caplog.text
    assert "sk-wrong" not in caplog.text


# Bounds.


@pytest.mark.slow
async def test_fifteen_mebibytes_of_sound_are_one_event(house):
    """327 s, of which the last that is loud is heard; everybody else gets their turn meanwhile."""

    async def tale(house: House) -> None:
        house.engine.words = ["at last"]
        client = await connect(house)
        silence = bytes(15 * 1024 * 1024 - len(pcm(0, 1_700)))
        await client.append(silence + pcm(8_000, 1_000) + pcm(0, 700))
        done = await client.until("response.done")
        assert done["response"]["status"] == "completed"
        started = client.all("input_audio_buffer.speech_started")[0]
        assert started["audio_start_ms"] > 320_000
        await client.socket.close()

    await house.visit(tale)


async def test_more_than_that_is_too_big(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        try:
            await client.append(bytes(15 * 1024 * 1024 + 4_096))
        except ConnectionError:
            pass  # the relay has not read to the end
        await client.until_closed()
        assert client.socket.close_code in (WSCloseCode.MESSAGE_TOO_BIG, 1006)
        await elapse(0.1)
        assert house.calls.live == 0

    await house.visit(tale)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"session.update","session":{"x":' + "[" * 300_000,
        '{"type":"input_audio_buffer.append","audio":"' + "[" * 300_000 + '"}',
        '{"type":"who knows",' + '"a":1,' * 50_000 + '"b":2}',
    ],
)
async def test_what_is_long_and_no_sound_is_refused_unread(house, text):
    async def tale(house: House) -> None:
        client = await connect(house)
        await client.socket.send_str(text)
        assert (await client.until("error"))["error"]["code"] == "invalid_value"
        await client.send("session.update", session={"type": "realtime"})
        await client.until("session.updated")
        await client.socket.close()

    await house.visit(tale)


async def test_too_many_events_are_read_later_and_none_is_lost(tmp_path):
    async def tale(house: House) -> None:
        client = await connect(house)
        began = asyncio.get_running_loop().time()
        for _ in range(1_000):
            await client.send("input_audio_buffer.clear")
        for _ in range(1_000):
            await client.until("input_audio_buffer.cleared")
        assert asyncio.get_running_loop().time() - began == pytest.approx(9, abs=0.2)
        await client.socket.close()

    await House(str(tmp_path / "tokens"), events_per_s=100).visit(tale)


async def test_a_long_sound_is_one_event_however_it_is_read(tmp_path):
    async def tale(house: House) -> None:
        house.engine.words = ["at last"]
        client = await connect(house)
        await client.append(pcm(0, 20_000) + pcm(8_000, 1_000) + pcm(0, 700))
        await client.until("response.done")
        assert client.all("input_audio_buffer.speech_started")[0]["audio_start_ms"] > 19_000
        assert client.all("error") == []
        await client.socket.close()

    await House(str(tmp_path / "tokens"), events_per_s=5).visit(tale)


async def test_sound_is_read_sixteen_times_as_fast_as_it_is_spoken(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            await client.append(pcm(0, 1_000))
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")
        assert asyncio.get_running_loop().time() - began == pytest.approx(70 / 16, abs=0.1)
        await client.socket.close()

    await house.visit(tale)


def carrier_of(house: House):
    return house.session._line.leg.transport


def stop_reading(client: SocketClient) -> None:
    """As a program does that hangs: its system still takes what it has room for."""
    client.socket._response.connection.transport.pause_reading()


async def test_an_engine_waits_for_a_slow_reader(house):
    async def tale(house: House) -> None:
        house.engine.answers = [spoken(*["More."] * 600, ms=1_000)]
        client = await connect(house)
        stop_reading(client)
        await client.send("response.create")
        await elapse(STALL_S - 5)
        carrier = carrier_of(house)
        assert carrier._waiting_bytes < 25 * 64_000
        assert house.engine.closed_early == 0
        client.socket._response.connection.transport.resume_reading()
        await client.until("response.done")
        assert len(client.sound()) == len(pcm(0, 600_000))
        await client.socket.close()

    await house.visit(tale)


async def test_who_reads_nothing_is_dropped_and_disturbs_nobody(house):
    async def tale(house: House) -> None:
        house.engine.answers = [spoken(*["More."] * 600, ms=1_000), spoken("Yes.")]
        client = await connect(house)
        stop_reading(client)
        await client.send("response.create")
        await elapse(1)
        other = await connect(house, key=house.hall)
        began = asyncio.get_running_loop().time()
        await other.send("response.create")
        await other.until("response.done")
        assert asyncio.get_running_loop().time() - began < 0.1
        assert other.sound() == pcm(5_000, 1_000)
        await other.socket.close()
        await elapse(STALL_S + 5)
        assert house.calls.live == 0
        assert house.engine.closed_early == 1
        client.socket._response.close()

    await house.visit(tale)


async def test_more_than_enough_unread_events_end_the_call(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        carrier = carrier_of(house)
        for _ in range(MAX_WAITING_BYTES // 100_000 + 1):
            carrier.send("x" * 100_000)
        await elapse(1)
        assert house.calls.live == 0
        client.socket._response.close()

    await house.visit(tale)


async def test_a_half_open_socket_does_not_live_on(house):
    async def tale(house: House) -> None:
        client = await connect(house, autoping=False)
        await elapse(PING_S - 1)
        assert house.calls.live == 1
        await elapse(PING_S / 2 + 2)
        assert house.calls.live == 0
        client.socket._response.close()

    await house.visit(tale)


async def test_its_time_ends_with_an_error_and_1001(tmp_path):
    async def tale(house: House) -> None:
        client = await connect(house)
        reading = asyncio.get_running_loop().create_task(client.until_closed())
        await elapse(31)
        await reading
        assert client.events[-1]["error"]["code"] == "session_expired"
        assert client.socket.close_code == WSCloseCode.GOING_AWAY

    await House(str(tmp_path / "tokens"), session_s=30).visit(tale)


async def test_binary_messages_end_the_call(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        await client.socket.send_bytes(b"RTP?")
        await client.until_closed()
        assert client.socket.close_code == WSCloseCode.UNSUPPORTED_DATA
        await elapse(0.1)
        assert house.calls.live == 0

    await house.visit(tale)


async def test_a_call_is_hung_up_by_its_place(house, caplog):
    async def tale(house: House) -> None:
        client = await connect(house)
        authorization = {"Authorization": f"Bearer {house.kitchen}"}
        place = f"/v1/realtime/calls/{client.call_id}/hangup"
        assert (await house.client.post(place, headers=authorization)).status == 200
        await client.until_closed()
        await elapse(0.1)
        assert house.calls.live == 0

    with caplog.at_level(logging.INFO, "edgevoice.relay.audit"):
        await house.visit(tale)
    assert caplog.records[-1].getMessage().endswith("reason=the client hung up")


async def test_broken_sound_is_refused_by_name(house):
    async def tale(house: House) -> None:
        client = await connect(house)
        odd = base64.b64encode(b"odd").decode()
        for number, audio in enumerate(("?", odd, "A" * 50_000 + "?" * 50_000)):
            event = {"type": "input_audio_buffer.append", "audio": audio}
            await client.socket.send_str(json.dumps({**event, "event_id": f"e{number}"}))
        await client.send("session.update", session={"type": "realtime"})
        await client.until("session.updated")
        errors = [event["error"]["event_id"] for event in client.all("error")]
        assert errors == ["e0", "e1", "e2"]
        await client.socket.close()

    await house.visit(tale)


class GoneSocket:
    """What aiohttp makes of one whose client has closed the connection."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    async def prepare(self, request) -> None:
        raise ConnectionResetError("Connection lost")


async def test_whoever_has_gone_before_the_upgrade_is_no_error_of_ours(house, monkeypatch):
    monkeypatch.setattr(signalling, "for_events", lambda request, limits: GoneSocket())

    async def tale(house: House) -> None:
        headers = {"Authorization": f"Bearer {house.kitchen}"}
        assert (await house.client.get(PATH, headers=headers)).status == 400
        await elapse(0.1)
        assert house.calls.live == 0

    await house.visit(tale)
