"""A caller who has asked for a long answer and writes down when each packet of it came."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import aiohttp

from edgevoice.simulator.relay_process import RunningRelay
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.silence import is_silence
from tests.webrtc.raw_pcm import raw

RATE_HZ = 48_000
TICKS = 960
"""Of the RTP clock, from one packet to the next."""


@dataclass(frozen=True)
class Packet:
    sequence: int
    timestamp: int
    at: float


@dataclass
class Listener:
    packets: list[Packet] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    media_port: int = 0
    deadline = None
    caller: Caller = field(init=False)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear_event(self, text: str) -> None:
        self.kinds.append(json.loads(text)["type"])
        self.news.set()

    def ask(self, words: str) -> None:
        item = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": words}],
        }
        self.caller.send(json.dumps({"type": "conversation.item.create", "item": item}))
        self.caller.send('{"type":"response.create"}')

    async def until(self, kind: str, within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while kind not in self.kinds:
                self.news.clear()
                await self.news.wait()

    def lost(self) -> int:
        """Packets that never came."""
        return sum((b.sequence - a.sequence - 1) % 65_536 for a, b in pairwise(self.packets))

    def longest_gap_s(self) -> float:
        """In the sound: the relay was late, and went on later than it should have."""
        steps = ((b.timestamp - a.timestamp) % 2**32 for a, b in pairwise(self.packets))
        return max((step / RATE_HZ for step in steps), default=0.0) - TICKS / RATE_HZ

    def longest_wait_s(self) -> float:
        """Between two packets; 20 ms are usual."""
        return max((after.at - before.at for before, after in pairwise(self.packets)), default=0.0)

    # In the place of the jitter buffer.

    def push(self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        if not is_silence(payload):
            at = asyncio.get_running_loop().time()
            self.packets.append(Packet(sequence, timestamp, at))

    def expire(self, now: float) -> None:
        pass


@asynccontextmanager
async def listening(
    relay: RunningRelay, token: str, http: aiohttp.ClientSession
) -> AsyncIterator[Listener]:
    """A session of its own; its events and sound are written down."""
    listener = Listener()
    listener.caller = Caller(raw(16_000), cast(JitterBuffer, listener), asyncio.sleep)
    listener.caller.on_message, listener.caller.on_open = listener.hear_event, listener.opened.set
    await listener.caller.prepare(Wishes(fec=True))
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
    calls = f"{relay.url}/v1/realtime/calls"
    async with http.post(calls, data=listener.caller.offer, headers=headers) as response:
        answer = await response.text()
        assert response.status == 201, answer
    lines = answer.splitlines()
    listener.media_port = next(
        int(line.split()[5]) for line in lines if line.startswith("a=candidate")
    )
    await listener.caller.accept(answer)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(listener.caller.run())
        await asyncio.wait_for(listener.opened.wait(), 10)
        yield listener
        await listener.caller.close()
        await running
