"""A relay and a thin device on loopback, and a wire between them that can be cut.

The relay's HTTP, calls, sessions and media are the product's; its engine and VAD are
fakes, and the codec changes nothing. The device does as little as comes back: it
counts events, and sends what the relay does not have.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast
from weakref import WeakSet

import numpy as np
from aiohttp.test_utils import TestClient, TestServer

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import RelayConfig
from edgevoice.relay.access.tokens import create
from edgevoice.relay.answerer import Answerer
from edgevoice.relay.app import carry
from edgevoice.relay.calls import Calls
from edgevoice.relay.carrying.carrier import WebRtcCarrier
from edgevoice.relay.session import Session
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.silence import is_silence
from tests.relay.doors import front_door, ledger
from tests.relay.story import UNCOUNTED, FakeEngine, LoudnessVad
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.raw_pcm import raw

CALLS = "/v1/realtime/calls"


class Ear:
    """In the place of the jitter buffer: keeps what arrives in the order of arrival."""

    deadline = None

    def __init__(self) -> None:
        self.heard: list[Samples] = []

    def push(self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        if not is_silence(payload):
            self.heard.append(np.frombuffer(payload, np.int16))

    def expire(self, now: float) -> None:
        pass

    @property
    def samples(self) -> Samples:
        return np.concatenate([*self.heard, np.zeros(0, np.int16)])


class Device:
    def __init__(self, client: "TestClient[Any, Any]", token: str, group: asyncio.TaskGroup):
        self._client = client
        self._token = token
        self._group = group
        self._ring = RingBuffer(60)
        self._gate = Gate(self._ring)
        self._opened = asyncio.Event()
        self._resumed = asyncio.Event()
        self.source: Callable[[int, int], Samples] = lambda start, stop: np.zeros(
            stop - start, np.int16
        )
        self.events: list[dict[str, Any]] = []
        """Those that are counted, on all transports."""
        self.resumed: list[dict[str, Any]] = []
        self.pongs = 0
        self.sent: list[str] = []
        self.call_id = ""
        self.ear = Ear()
        self.caller: Caller

    async def capture(self) -> None:
        while True:
            end = self._ring.end
            self._ring.write(self.source(end, end + FRAME_SAMPLES))
            if self.caller.uplink is not None:
                self.caller.uplink.notify()
            await asyncio.sleep(0.02)

    def send(self, kind: str, **fields: Any) -> None:
        text = json.dumps({"type": kind, **fields})
        self.sent.append(text)
        self.caller.peer.outbox.send(text)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    async def call(self) -> None:
        """Everything from sample 0 on is sent."""
        await self._offer()
        self._gate.open(0)
        self._send_from(0)

    async def resume(self, response_id: str = "", heard_ms: int = 0) -> None:
        old = self.caller
        assert await self._offer(self.call_id), "the relay does not hold the session"
        self._resumed.clear()
        claim = {"events": len(self.events), "response_id": response_id, "heard_ms": heard_ms}
        self.caller.peer.outbox.send(json.dumps({"type": "edgevoice.resume", **claim}))
        await asyncio.wait_for(self._resumed.wait(), 10)
        await old.peer.close()
        for text in self.sent[self.resumed[-1]["events"] :]:
            self.caller.peer.outbox.send(text)
        self._gate.close()
        self._gate.open(self.resumed[-1]["samples"])
        self._send_from(self.resumed[-1]["samples"])

    def cut(self) -> None:
        """From now on nothing that it sends arrives."""
        peers.lose(self.caller.peer.connection, lambda data: True)

    async def _offer(self, resume: str = "") -> bool:
        """Open a new transport; whether the relay goes on with the session on it.

        From here on the old one is not listened to, or what it still says would come twice.
        """
        self.ear = ear = Ear()

        def on_message(text: str) -> None:
            if ear is self.ear:
                self._on_message(text)

        caller = Caller(raw(16_000), cast(JitterBuffer, ear), asyncio.sleep)
        caller.on_message = on_message
        await caller.prepare(Wishes(fec=True))
        response = await self._client.post(
            CALLS,
            data=caller.offer,
            headers={
                "Content-Type": "application/sdp",
                "Authorization": f"Bearer {self._token}",
                "Edgevoice-Version": "1",
                "Edgevoice-Resume": resume,
            },
        )
        assert response.status == 201, await response.text()
        self.call_id = response.headers["Location"].rpartition("/")[2]
        self._opened.clear()
        caller.on_open = self._opened.set
        await caller.accept(await response.text())
        self._group.create_task(caller.run())
        await asyncio.wait_for(self._opened.wait(), 10)
        self.caller = caller
        return response.headers.get("Edgevoice-Resumed") == self.call_id

    def _send_from(self, sample: int) -> None:
        self.caller.send_from(self._gate, sample, lambda first: None)

    def _on_message(self, text: str) -> None:
        event = json.loads(text)
        if event["type"] not in UNCOUNTED:
            self.events.append(event)
        elif event["type"] == "edgevoice.resumed":
            self.resumed.append(event)
            self._resumed.set()
        else:
            self.pongs += 1


class House:
    def __init__(self, tokens_file: str, **config: Any) -> None:
        self.token = create(tokens_file, "kitchen")
        relay = RelayConfig(tokens_file=tokens_file, media_host="127.0.0.1", **config)
        self.engine = FakeEngine()
        self.carrier: WebRtcCarrier
        """The newest."""
        self.carriers: WeakSet[WebRtcCarrier] = WeakSet()
        """Those that are still in memory."""
        self.reasons: list[str] = []
        answerer = Answerer(relay, self.engine, LoudnessVad, self._carrier)
        self.calls = Calls(relay, answerer, self._carry, lambda live: None, ledger=ledger())
        self._make = partial(WebRtcCarrier, relay.limits, codec=raw(16_000))
        self.application = front_door(relay, self.calls).application
        self.device: Device

    @property
    def session(self) -> Session:
        (call,) = self.calls._live.values()
        return call.session

    def cut(self) -> None:
        """The wire between the two is cut."""
        self.device.cut()
        peers.lose(self.carrier._call._peer.connection, lambda data: True)

    def _carrier(self, called: Any, media_host: str | None) -> WebRtcCarrier:
        self.carrier = self._make(called, media_host)
        self.carriers.add(self.carrier)
        return self.carrier

    async def _carry(self, session: Session) -> str:
        self.reasons.append(await carry(session))
        return self.reasons[-1]

    async def tell(self, tale: Callable[["House"], Coroutine[Any, Any, None]]) -> None:
        async def visit() -> None:
            async with self._visitor():
                await tale(self)

        await self.calls.run(visit())

    @asynccontextmanager
    async def _visitor(self) -> AsyncIterator[None]:
        server = TestServer(self.application())
        async with TestClient(server) as client, asyncio.TaskGroup() as group:
            self.device = Device(client, self.token, group)
            await self.device.call()
            capturing = group.create_task(self.device.capture())
            yield
            capturing.cancel()
            await self.device.caller.peer.close()
            await elapse(0.1)
