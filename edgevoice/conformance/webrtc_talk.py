"""A session over WebRTC: our own device's end of a call, without a device around it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import MediaConfig
from edgevoice.conformance import http
from edgevoice.conformance.expect import expect
from edgevoice.conformance.talk import Talk, carried
from edgevoice.conformance.target import Target
from edgevoice.link.ways import opus
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.hardening import harden
from edgevoice.webrtc.jitter_buffer import JitterBuffer

RATE_HZ = 24_000
FRAME_S = 0.02
LOUD = 300
"""Root mean square; a converter's hiss is at 3, a voice at 1,000 and more."""


class WebRtcTalk(Talk):
    def __init__(self) -> None:
        super().__init__()
        harden()
        codec = opus(MediaConfig(), RATE_HZ)
        self._playout = PlayoutBuffer(RATE_HZ)
        jitter = JitterBuffer(codec.decoder(), self._playout, Arrivals(20, 60))
        self.caller = Caller(codec, jitter, asyncio.sleep)
        self.caller.on_message = self.take
        self.call_id = ""
        self.headers: Mapping[str, str] = {}
        """Of the answer to the call."""
        self.loud_frames = 0
        """Of 20 ms, that could be heard."""
        self._ring = RingBuffer(10)
        self._gate = Gate(self._ring)

    async def send(self, text: str) -> None:
        self.caller.send(text)

    async def speak(self, samples: Samples) -> None:
        """16 kHz, as fast as a microphone gives it."""
        if self.caller.uplink is None:
            self._gate.open(0)
            self.caller.send_from(self._gate, 0, lambda sample: None)
        assert self.caller.uplink is not None
        due = asyncio.get_running_loop().time()
        for start in range(0, len(samples), FRAME_SAMPLES):
            self._ring.write(samples[start : start + FRAME_SAMPLES])
            self.caller.uplink.notify()
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    async def silence(self, seconds: float) -> None:
        await self.speak(np.zeros(round(seconds * CAPTURE_RATE_HZ), np.int16))

    async def carry(self) -> None:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen())
            self.end(await self.caller.run())
            listening.cancel()

    async def _listen(self) -> None:
        """The loudspeaker."""
        while True:
            heard = self._playout.pull(round(FRAME_S * RATE_HZ)).astype(np.float64)
            self.loud_frames += bool(np.sqrt(np.mean(heard**2)) > LOUD)
            await asyncio.sleep(FRAME_S)


@asynccontextmanager
async def webrtc_talk(
    target: Target,
    token: str | None = None,
    session: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[WebRtcTalk]:
    """`token`: instead of the target's. With a session the offer is a part beside it."""
    talk = WebRtcTalk()
    await talk.caller.prepare(Wishes(fec=True))
    try:
        offer = talk.caller.offer
        body = offer if session is None else http.parts(offer, session)
        path = f"/realtime/calls?model={target.model}"
        answer = await http.request(target, "POST", path, body, token, headers)
        expect(answer.status == 201, "201 Created with an SDP answer", answer.told)
        talk.headers = answer.headers
        talk.call_id = answer.headers.get("Location", "").rpartition("/")[2]
        await talk.caller.accept(answer.text)
        async with carried(talk.carry()):
            yield talk
    finally:
        await talk.caller.close()


@asynccontextmanager
async def offer_of() -> AsyncIterator[str]:
    """An offer for clients that carry no media themselves; its sockets are open meanwhile."""
    talk = WebRtcTalk()
    await talk.caller.prepare(Wishes(fec=True))
    try:
        yield talk.caller.offer
    finally:
        await talk.caller.close()
