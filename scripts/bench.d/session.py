"""Sessions: processor time next to plain aiortc, time to connect, speed of the burst.

    scripts/bench session [SECONDS]

Both ends run in this process over loopback, both directions carry speech, and
nothing else runs. CPU is the process's own time, halved: per end. The ratio is of
one run and holds on slower machines too; the absolute numbers do not.
"""

import asyncio
import fractions
import statistics
import sys
import time

import av
import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import LinkConfig
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import Input, LinkFailed, LinkOpened
from edgevoice.webrtc.call import Call

CONNECTS = 15
BURST_S = 9


def speech(rate_hz: int, seconds: float) -> Samples:
    """A wavering, harmonic buzz: for a voice codec about as much work as a voice."""
    t = np.arange(int(rate_hz * seconds)) / rate_hz
    pitch = 2 * np.pi * np.cumsum(140 + 25 * np.sin(2 * np.pi * 3 * t)) / rate_hz
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 12))
    return np.asarray(4000 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)), np.int16)


class Relay:
    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.group = group
        self.calls: list[Call] = []
        self.samples = 0
        self.news = asyncio.Event()

    def hear(self, index: int, samples: Samples) -> None:
        self.samples = index + len(samples)
        self.news.set()

    async def until(self, samples: int) -> float:
        """Seconds until this much has been heard."""
        start = time.perf_counter()
        while self.samples < samples:
            self.news.clear()
            await self.news.wait()
        return time.perf_counter() - start

    async def take(self, request: web.Request) -> web.Response:
        call = Call(
            on_audio=self.hear,
            on_message=lambda text: None,
            on_open=lambda: None,
            on_closed=lambda reason: None,
            media_host="127.0.0.1",
        )
        answer = await call.answer(await request.text())
        self.group.create_task(call.run())
        self.calls.append(call)
        return web.Response(status=201, text=answer, headers={"Edgevoice-Version": "bench"})


class Device:
    def __init__(self, url: str) -> None:
        self.ring = RingBuffer(10)
        self.gate = Gate(self.ring)
        self.playout = PlayoutBuffer(24_000)
        self.outcome: asyncio.Future[Input] | None = None
        self.link = RelayLink(
            [Signalling(LinkConfig(url=url), BearerToken("t"))], self.gate, self.playout, self.post
        )
        self.sound = speech(16_000, 5)

    def post(self, happened: Input) -> None:
        if isinstance(happened, LinkOpened | LinkFailed) and self.outcome:
            self.outcome.set_result(happened)

    async def open(self, first: int) -> float:
        self.outcome = asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        self.link.open(OpenLink(first))
        assert isinstance(await self.outcome, LinkOpened)
        return time.perf_counter() - start

    def captured(self, samples: int) -> None:
        at = self.ring.end % (len(self.sound) - samples)
        self.ring.write(self.sound[at : at + samples])
        self.link.samples_captured()

    async def live(self) -> None:
        """The microphone in real time; no loudspeaker, plain aiortc's peers have none either."""
        start = time.perf_counter()
        for frame in range(10**9):
            await asyncio.sleep(start + frame * 0.02 - time.perf_counter())
            self.captured(FRAME_SAMPLES)


async def ours(seconds: float) -> tuple[list[float], float, float]:
    """Connect times, the burst's speed, and CPU per end."""
    async with asyncio.TaskGroup() as group:
        relay = Relay(group)
        app = web.Application()
        app.router.add_post("/v1/realtime/calls", relay.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        device = Device(f"http://127.0.0.1:{runner.addresses[0][1]}")
        task = group.create_task(device.link.run())
        await asyncio.sleep(0.5)
        connects = []
        for _ in range(CONNECTS):
            connects.append(await device.open(0))
            device.link.close("again")
            await asyncio.sleep(0.3)
        device.captured(0)
        for _ in range(BURST_S * 50):
            device.captured(FRAME_SAMPLES)
        relay.samples = 0
        device.gate.open(device.ring.end - BURST_S * 16_000)
        await device.open(device.ring.end - BURST_S * 16_000)
        burst = BURST_S / await relay.until(BURST_S * 16_000)
        live = group.create_task(device.live())
        relay.calls[-1].output.begin()
        relay.calls[-1].output.play(speech(24_000, seconds + 5))
        cpu = await measured(seconds)
        live.cancel()
        device.link.close("done")
        await asyncio.sleep(0.3)
        task.cancel()
        for call in relay.calls:
            await call.close()
        await runner.cleanup()
    return connects, burst, cpu


class StockMicrophone(MediaStreamTrack):
    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.sound = speech(48_000, 5)
        self.start = time.perf_counter()
        self.sent = 0

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(max(0, self.start + self.sent / 48_000 - time.perf_counter()))
        at = self.sent % (len(self.sound) - 960)
        samples = self.sound[at : at + 960][None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, self.sent
        frame.time_base = fractions.Fraction(1, 48_000)
        self.sent += 960
        return frame


async def stock(seconds: float) -> float:
    """CPU per end of two aiortc peers that talk to each other and read what they hear."""
    configuration = RTCConfiguration(iceServers=[])
    a, b = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    async with asyncio.TaskGroup() as group:

        async def read(track: MediaStreamTrack) -> None:
            while True:
                await track.recv()

        readers: list[asyncio.Task[None]] = []
        for peer in (a, b):
            peer.addTrack(StockMicrophone())
            peer.on("track", lambda track: readers.append(group.create_task(read(track))))
        a.createDataChannel("oai-events")
        await a.setLocalDescription(await a.createOffer())
        await b.setRemoteDescription(a.localDescription)
        await b.setLocalDescription(await b.createAnswer())
        await a.setRemoteDescription(b.localDescription)
        await asyncio.sleep(2)
        cpu = await measured(seconds)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(a.close(), b.close())
    return cpu


async def measured(seconds: float) -> float:
    wall, busy = time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - busy) / (time.perf_counter() - wall) / 2


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    theirs = asyncio.run(stock(seconds))
    connects, burst, cpu = asyncio.run(ours(seconds))
    milliseconds = sorted(1000 * t for t in connects)
    print(f"connect, open() to LinkOpened  {statistics.median(milliseconds):6.1f} ms median")
    print(f"                               {milliseconds[-1]:6.1f} ms worst of {CONNECTS}")
    print(f"burst of {BURST_S} s                   {burst:6.1f} x real time after LinkOpened")
    print(f"CPU per end, plain aiortc      {100 * theirs:6.2f} % of a core")
    print(f"CPU per end, edgevoice         {100 * cpu:6.2f} % of a core")
    print(f"ratio                          {cpu / theirs:6.2f}   (budget 0.50)")


if __name__ == "__main__":
    main()
