"""That the simulated OpenAI does what is known of the real one, and sees what it should see."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest

from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from tests.openai_server.answering import Behaviour, tone
from tests.openai_server.server import OpenAiServer
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import raw

KEY = "sk-known"
SILENT = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


class Client:
    """A WebRTC client with nothing of the device in it but its media."""

    def __init__(self, server: OpenAiServer, url: str) -> None:
        self.server = server
        self.url = url
        self.events: list[dict[str, Any]] = []
        self.ring = RingBuffer(10)
        self.gate = Gate(self.ring)
        self.ended = ""
        codec = raw(24_000)
        jitter = JitterBuffer(codec.decoder(), PlayoutBuffer(24_000), Arrivals(20, 60))
        self.caller = Caller(codec, jitter, asyncio.sleep)
        self.caller.on_message = self._hear

    def _hear(self, text: str) -> None:
        self.events.append(json.loads(text))

    async def offer(self) -> str:
        await self.caller.prepare(Wishes(fec=True))
        return self.caller.offer

    async def call(self, bearer: str) -> int:
        await self.offer()
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/sdp"}
        place = self.url + "/v1/realtime/calls"
        async with (
            aiohttp.ClientSession() as http,
            http.post(place, data=self.caller.offer, headers=headers) as response,
        ):
            answer = await response.text()
        if response.status == 201:
            await self.caller.accept(answer)
        return response.status

    async def carry(self) -> None:
        self.ended = await self.caller.run()

    def say(self, kind: str, **fields: Any) -> None:
        self.caller.peer.outbox.send(json.dumps({"type": kind, **fields}))

    def append(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            audio = base64.b64encode(tone(0.1).tobytes()).decode()
            self.say("input_audio_buffer.append", audio=audio)

    def stream(self, seconds: float, amplitude: int = 8_000) -> None:
        """By RTP, as fast as the uplink goes."""
        if self.caller.uplink is None:
            self.gate.open(0)
            self.caller.send_from(self.gate, 0, lambda sample: None)
        clock = np.arange(round(seconds * 16_000))
        self.ring.write((amplitude * np.sin(clock / 10)).astype(np.int16))
        assert self.caller.uplink is not None
        self.caller.uplink.notify()

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def last(self, kind: str) -> dict[str, Any]:
        return next(event for event in reversed(self.events) if event["type"] == kind)


@asynccontextmanager
async def client(**behaviour: Any) -> AsyncIterator[Client]:
    server = OpenAiServer(KEY, Behaviour(codec=raw(16_000), **behaviour))
    async with server.serving() as url, asyncio.TaskGroup() as group:
        caller = Client(server, url)
        assert await caller.call(KEY) == 201
        carrying = group.create_task(caller.carry())
        await elapse(0.5)
        yield caller
        carrying.cancel()
        await caller.caller.peer.close()


async def test_a_session_begins_with_its_effective_settings() -> None:
    async with client() as caller:
        assert caller.kinds[0] == "session.created"
        assert caller.events[0]["session"]["audio"]["input"]["turn_detection"]["type"]
        caller.say("session.update", session=SILENT)
        await elapse(0.2)
        updated = caller.last("session.updated")["session"]
        assert updated["audio"]["input"]["turn_detection"] is None


async def test_appended_sound_is_a_turn_when_it_is_committed() -> None:
    async with client() as caller:
        caller.say("session.update", session=SILENT)
        caller.append(1.0)
        caller.say("input_audio_buffer.commit")
        caller.say("response.create")
        await elapse(2)
        (turn,) = caller.server.session.buffer.turns
        assert turn.ms == 1000 and turn.sources == {"append"}
        told = caller.kinds
        assert told.index("input_audio_buffer.committed") < told.index("response.created")
        assert told[-1] == "output_audio_buffer.stopped"
        assert "rate_limits.updated" in told
        assert caller.server.violations == []


async def test_appends_and_rtp_in_one_turn_are_seen() -> None:
    async with client() as caller:
        caller.say("session.update", session=SILENT)
        caller.append(0.5)
        caller.stream(0.5)
        await elapse(1)
        caller.say("input_audio_buffer.commit")
        await elapse(0.2)
        assert caller.server.violations == ["appends and RTP in one turn"]


async def test_the_server_hears_where_a_turn_ends_and_answers_by_itself() -> None:
    async with client() as caller:
        caller.stream(1.0)
        caller.stream(0.6, amplitude=0)
        await elapse(1)
        assert "input_audio_buffer.speech_stopped" in caller.kinds
        assert "output_audio_buffer.started" in caller.kinds


async def test_who_interrupts_makes_it_truncate_by_itself() -> None:
    async with client(answer_s=5.0) as caller:
        caller.say("response.create")
        await elapse(1)
        caller.stream(0.2)
        await elapse(0.3)
        assert caller.kinds[-2:] == ["output_audio_buffer.cleared", "conversation.item.truncated"]
        assert 800 <= caller.events[-1]["audio_end_ms"] <= 1_200


async def test_an_empty_commit_and_a_second_answer_are_refused_by_name() -> None:
    async with client() as caller:
        caller.say("input_audio_buffer.commit", event_id="mine")
        caller.say("response.create")
        caller.say("response.create", event_id="second")
        await elapse(0.2)
        codes = {
            event["error"]["event_id"]: event["error"]["code"]
            for event in caller.events
            if event["type"] == "error"
        }
        assert codes == {
            "mine": "input_audio_buffer_commit_empty",
            "second": "conversation_already_has_active_response",
        }


async def test_what_only_edgevoice_says_is_foreign_to_it() -> None:
    async with client() as caller:
        caller.say("edgevoice.ping")
        await elapse(0.2)
        assert caller.last("error")["error"]["code"] == "invalid_value"
        assert caller.server.violations == ["edgevoice.ping is no event of OpenAI's"]


async def test_a_session_expires_with_a_word() -> None:
    async with client(session_s=5.0) as caller:
        await elapse(6)
        assert caller.last("error")["error"]["code"] == "session_expired"
        assert caller.ended


async def test_its_ice_is_lite_and_we_live_on() -> None:
    """Clients whose consent checks do not nominate die after half a minute."""
    async with client() as caller:
        await elapse(60)
        assert caller.ended == ""


@pytest.mark.parametrize("bearer", ["sk-guess", "ek_unknown", ""])
async def test_strangers_are_refused(bearer: str) -> None:
    async with OpenAiServer(KEY).serving() as url:
        caller = Client(OpenAiServer(KEY), url)
        assert await caller.call(bearer) == 401
        await caller.caller.peer.close()
