"""edgevoice's two ends: RelayLink with a microphone, and Call.

python -m connecting.ours relay ADDRESS CERTIFICATE KEY
python -m connecting.ours device|speculative|standby ADDRESS CERTIFICATE
"""

import asyncio
import sys
import time

import numpy as np
from aiohttp import web

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import LinkConfig
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.realtime.server_events import SessionCreated
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import EventReceived, Input, LinkFailed, LinkLost, LinkOpened
from edgevoice.webrtc.call import Call

from . import lines

FRAME_S = FRAME_SAMPLES / CAPTURE_RATE_HZ
HINT_S = 0.08
"""Before the wake word: what `scripts/bench wake` says of one in ten."""
PONG = '{"type":"edgevoice.pong"}'


class Relay:
    def __init__(self, address: str, group: asyncio.TaskGroup) -> None:
        self._address = address
        self._group = group
        self._calls: dict[int, Call] = {}
        self._made = 0

    async def take(self, request: web.Request) -> web.Response:
        self._made += 1
        number, ear = self._made, lines.Ear(self._made)

        def hear(index: int, samples: Samples) -> None:
            receiver = call.receiver
            ear.hear(
                index, len(samples), concealed=receiver.concealed, recovered=receiver.recovered
            )

        def on_message(text: str) -> None:
            if "edgevoice.ping" in text:
                call.send(PONG)

        call = Call(
            on_audio=hear,
            on_message=on_message,
            on_open=lambda: call.send(lines.SESSION_CREATED),
            on_closed=lambda reason: lines.say("closed", call=number, reason=reason),
            media_host=self._address,
        )
        answer = await call.answer(await request.text())
        self._calls[number] = call
        self._group.create_task(call.run())
        place = f"/v1/realtime/calls/rtc_{number}"
        headers = {"Edgevoice-Version": "bench", "Location": place}
        return web.Response(status=201, text=answer, headers=headers)

    async def hang_up(self, request: web.Request) -> web.Response:
        call = self._calls.pop(int(request.match_info["number"]), None)
        if call is not None:
            await call.close()
        return web.Response()

    async def health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def close(self) -> None:
        for call in self._calls.values():
            await call.close()


async def relay(address: str, certificate: str, key: str) -> None:
    async with asyncio.TaskGroup() as group:
        end = Relay(address, group)
        app = web.Application()
        app.router.add_get("/healthz", end.health)
        app.router.add_post("/v1/realtime/calls", end.take)
        app.router.add_post(r"/v1/realtime/calls/rtc_{number:\d+}/hangup", end.hang_up)
        await lines.serve(app, address, lines.OURS, certificate, key)
        await end.close()


class Device:
    """Its microphone runs all the time; from waking on, nothing may be lost.

    `speculative` connects at a hint of the wake word, `standby` is connected already.
    """

    def __init__(self, address: str, ca_file: str, kind: str) -> None:
        self._kind = kind
        self._ring = RingBuffer(10)
        self._gate = Gate(self._ring)
        config = LinkConfig(url=f"https://{address}:{lines.OURS}", ca_file=ca_file)
        self.link = RelayLink(
            [Signalling(config, BearerToken("t"))],
            self._gate,
            PlayoutBuffer(24_000),
            self._post,
            standby=kind == "standby",
        )
        self._sound = buzz(5)
        self._woken_at = 0

    def _post(self, happened: Input) -> None:
        match happened:
            case LinkOpened():
                lines.say("open")
            case EventReceived(SessionCreated()):
                lines.say("ready")
            case LinkFailed() | LinkLost():
                lines.say("failed", reason=happened.reason)

    def wake(self) -> None:
        if self._kind == "speculative":
            self.link.open_early()
            asyncio.get_running_loop().call_later(HINT_S, self._wake)
        else:
            self._wake()

    def _wake(self) -> None:
        self._woken_at = self._ring.end
        lines.say("woken")
        self._gate.open(self._woken_at)
        self.link.open(OpenLink(self._woken_at))

    def mark(self) -> None:
        lines.say("captured", samples=self._ring.end - self._woken_at, skipped=0)

    def end(self) -> None:
        self._gate.close()
        self.link.close("measured")

    async def microphone(self) -> None:
        start = time.perf_counter()
        for frame in range(10**9):
            await asyncio.sleep(start + frame * FRAME_S - time.perf_counter())
            at = self._ring.end % (len(self._sound) - FRAME_SAMPLES)
            self._ring.write(self._sound[at : at + FRAME_SAMPLES])
            self.link.samples_captured()


def buzz(seconds: float) -> Samples:
    """A wavering, harmonic sound: no codec takes it for silence."""
    t = np.arange(int(CAPTURE_RATE_HZ * seconds)) / CAPTURE_RATE_HZ
    pitch = 2 * np.pi * np.cumsum(140 + 25 * np.sin(2 * np.pi * 3 * t)) / CAPTURE_RATE_HZ
    return np.asarray(4000 * sum(np.sin(k * pitch) / k for k in range(1, 12)), np.int16)


async def device(kind: str, address: str, ca_file: str) -> None:
    end = Device(address, ca_file, kind)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(end.link.run()), group.create_task(end.microphone())]
        lines.say("ready")
        async for order in lines.orders():
            {"wake": end.wake, "mark": end.mark, "end": end.end}[order]()
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    kind, *words = sys.argv[1:]
    asyncio.run(relay(*words) if kind == "relay" else device(kind, *words))
