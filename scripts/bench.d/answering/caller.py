"""One caller: says what it is given, frame by frame, and notes when what was heard.

Frames are encoded before they are needed, and what is heard is not decoded, so that a core
can play many callers. Times are those of the event loop's clock.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.codec import Codec, Decoder
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.opus import OpusEncoder
from edgevoice.webrtc.silence import is_silence

FRAME_MS = 1000 * FRAME_SAMPLES // CAPTURE_RATE_HZ
LEAD_MS = 60
"""What the relay sends ahead of real time; see webrtc/paced_output.py."""


def encoded(samples: Samples) -> list[bytes]:
    """As Opus packets of 20 ms."""
    encoder = OpusEncoder(CAPTURE_RATE_HZ)
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return [encoder.encode(frame) for frame in frames]


class Prompter:
    """In the place of an encoder: a frame's first sample says which packet of the script it is."""

    def __init__(self, script: Sequence[bytes], sent_at: list[float]) -> None:
        self._script = script
        self._sent_at = sent_at

    def encode(self, frame: Samples) -> bytes:
        self._sent_at.append(asyncio.get_running_loop().time())
        return self._script[int(frame[0]) % len(self._script)]

    def heed(self, wishes: Wishes) -> None:
        pass


@dataclass
class Reply:
    """One answer as it was heard."""

    decided_ms: int
    """Where in the caller's stream the relay took the turn for ended."""
    after_ms: float = 0.0
    """From sending what decided it to the answer's first packet."""
    packets: list[tuple[int, float]] = field(default_factory=list)
    """RTP timestamp and arrival."""

    @property
    def lateness_ms(self) -> list[float]:
        """Of each packet against the first one, once the head start is used up."""
        if not self.packets:
            return []
        first, began = self.packets[0]
        due = [(tick - first) / 48 - LEAD_MS for tick, _ in self.packets]
        late = [
            1000 * (at - began) - wanted
            for wanted, (_, at) in zip(due, self.packets, strict=True)
            if wanted > 0
        ]
        usual = float(np.median(late)) if late else 0.0
        return [abs(value - usual) for value in late]


class Talker:
    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._token = token
        self._ring = RingBuffer(10)
        self._gate = Gate(self._ring)
        self._sent_at: list[float] = []
        self._opened = asyncio.Event()
        self._caller: Caller
        self._location = ""
        self.deadline = None
        self.replies: list[Reply] = []
        self.events: list[dict[str, Any]] = []
        self.reason = ""

    async def call(self, script: Sequence[bytes], session: dict[str, Any] | None = None) -> None:
        """Connect; raises when the relay refuses. `run` carries the call."""
        codec = Codec(lambda: Prompter(script, self._sent_at), lambda: cast(Decoder, None))
        self._caller = Caller(codec, cast(JitterBuffer, self), asyncio.sleep)
        self._caller.on_message, self._caller.on_open = self._hear_event, self._opened.set
        await self._caller.prepare(Wishes(fec=True))
        form = aiohttp.FormData()
        form.add_field("sdp", self._caller.offer, content_type="application/sdp")
        form.add_field("session", json.dumps({"type": "realtime", **(session or {})}))
        headers = {"Authorization": f"Bearer {self._token}"}
        calls = f"{self._url}/v1/realtime/calls"
        async with self._http.post(calls, data=form, headers=headers) as response:
            answer = await response.text()
            assert response.status == 201, answer
            self._location = response.headers["Location"]
        await self._caller.accept(answer, 0.002)

    async def opened(self) -> None:
        await asyncio.wait_for(self._opened.wait(), 20)
        self._gate.open(self._ring.end)
        self._caller.send_from(self._gate, self._ring.end, lambda first: None)

    async def run(self) -> None:
        self.reason = await self._caller.run()

    async def hang_up(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._http.post(f"{self._url}{self._location}/hangup", headers=headers):
            pass
        await self._caller.close()

    def say(self, frame: int) -> None:
        """This packet of the script, now."""
        self._ring.write(np.full(FRAME_SAMPLES, frame, np.int16))
        if self._caller.uplink is not None:
            self._caller.uplink.notify()

    def send(self, event: dict[str, Any]) -> None:
        self._caller.send(json.dumps(event))

    def _hear_event(self, text: str) -> None:
        event = json.loads(text)
        self.events.append(event)
        if event["type"] == "input_audio_buffer.speech_stopped":
            self.replies.append(Reply(event["audio_end_ms"]))

    # In the place of the jitter buffer.

    def push(self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        if is_silence(payload) or not self.replies:
            return
        reply, arrived = self.replies[-1], asyncio.get_running_loop().time()
        if not reply.packets:
            frame = min(reply.decided_ms // FRAME_MS, len(self._sent_at)) - 1
            reply.after_ms = 1000 * (arrived - self._sent_at[max(0, frame)])
        reply.packets.append((timestamp, arrived))

    def expire(self, now: float) -> None:
        pass

    def resume(self) -> None:
        pass

    def stop_at_gap(self, until: float) -> None:
        pass
