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

    def hear_event(self, text: str) -> None:
        self.kinds.append(json.loads(text)["type"])

    def ask(self, words: str) -> None:
        item = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": words}],
        }
        for event in (
            {"type": "conversation.item.create", "item": item},
            {"type": "response.create"},
        ):
            self.caller.send(json.dumps(event))

    async def until(self, kind: str, within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while kind not in self.kinds:
                await asyncio.sleep(0.02)

    def missing(self) -> list[Packet]:
        """Those behind which the stream of packets or of sound has a hole."""
        return [
            before
            for before, after in pairwise(self.packets)
            if (after.sequence - before.sequence) % 65_536 != 1
            or (after.timestamp - before.timestamp) % 2**32 != TICKS
        ]

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
