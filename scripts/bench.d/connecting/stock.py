"""Plain aiortc at both ends, as its examples and many a tutorial use it.

An RTCPeerConnection each, offer and answer over HTTPS, a track of av frames, a data
channel made in band, timers and jitter buffer as they come. The one exception is
`iceServers=[]`: the default asks a STUN server of Google's, which is not reachable
here and would cost another five seconds.

python -m connecting.stock relay ADDRESS CERTIFICATE KEY
python -m connecting.stock device ADDRESS CERTIFICATE
python -m connecting.stock prepared ADDRESS CERTIFICATE
"""

import asyncio
import fractions
import ssl
import sys
import time
from contextlib import suppress

import aiohttp
import av
import numpy as np
from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from . import lines

RATE_HZ = 48_000
FRAME = 960
DEVICE_RATE_HZ = 16_000


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


class Relay:
    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._made = 0

    async def take(self, request: web.Request) -> web.Response:
        self._made += 1
        ear, peer = lines.Ear(self._made), connection()
        peer.on("track", lambda track: self._group.create_task(self._listen(track, ear)))
        peer.on("datachannel", lambda channel: channel.send(lines.SESSION_CREATED))

        async def on_state() -> None:
            if peer.connectionState in ("closed", "failed"):
                await peer.close()

        peer.on("connectionstatechange", on_state)
        offer = RTCSessionDescription(await request.text(), "offer")
        await peer.setRemoteDescription(offer)
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(status=201, text=peer.localDescription.sdp)

    async def health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def _listen(self, track: MediaStreamTrack, ear: lines.Ear) -> None:
        first: int | None = None
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                first = frame.pts if first is None else first
                ratio = RATE_HZ // DEVICE_RATE_HZ
                ear.hear((frame.pts - first) // ratio, frame.samples // ratio)


async def relay(address: str, certificate: str, key: str) -> None:
    async with asyncio.TaskGroup() as group:
        end = Relay(group)
        app = web.Application()
        app.router.add_get("/healthz", end.health)
        app.router.add_post("/v1/realtime/calls", end.take)
        await lines.serve(app, address, lines.STOCK, certificate, key)
        sys.exit()  # what still listens has nobody to listen to


class Microphone(MediaStreamTrack):
    """Live: what was said before somebody first asks for a frame is gone."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        t = np.arange(5 * RATE_HZ) / RATE_HZ
        self._sound = np.asarray(8000 * np.sin(2 * np.pi * 200 * t), np.int16)
        self.woken_at = 0.0
        self.skipped = 0
        """In samples of the device."""
        self._start: float | None = None
        self._sent = 0

    async def recv(self) -> av.AudioFrame:
        now = time.monotonic()
        if self._start is None:
            self._start = now
            self.skipped = round((now - self.woken_at) * DEVICE_RATE_HZ)
        self._sent += FRAME
        await asyncio.sleep(max(0.0, self._start + self._sent / RATE_HZ - now))
        at = (self._sent - FRAME) % (len(self._sound) - FRAME)
        samples = self._sound[at : at + FRAME][None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, self._sent - FRAME
        frame.time_base = fractions.Fraction(1, RATE_HZ)
        return frame


class Device:
    """One connection at a time; `prepare` does beforehand what can be done beforehand."""

    def __init__(self, address: str, ca_file: str) -> None:
        self._url = f"https://{address}:{lines.STOCK}"
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._http: aiohttp.ClientSession | None = None
        self._peer: RTCPeerConnection | None = None
        self._microphone = Microphone()

    async def prepare(self) -> None:
        """Make the offer, and have the HTTPS connection open."""
        if self._http is None:
            self._http = self._session()
        async with self._http.get(f"{self._url}/healthz") as response:
            await response.read()
        self._peer = await self._offering()

    async def wake(self) -> None:
        woken_at = time.monotonic()
        lines.say("woken")
        try:
            if self._peer is None:
                self._peer = await self._offering()
            self._microphone.woken_at = woken_at
            await self._call(self._peer)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            lines.say("failed", reason=repr(error))

    def mark(self) -> None:
        captured = round((time.monotonic() - self._microphone.woken_at) * DEVICE_RATE_HZ)
        lines.say("captured", samples=captured, skipped=self._microphone.skipped)

    async def end(self) -> None:
        if self._peer is not None:
            await self._peer.close()
            self._peer = None

    async def close(self) -> None:
        await self.end()
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, keepalive_timeout=60)
        )

    async def _offering(self) -> RTCPeerConnection:
        peer, self._microphone = connection(), Microphone()
        peer.addTrack(self._microphone)
        channel: RTCDataChannel = peer.createDataChannel("oai-events")
        channel.on("open", lambda: lines.say("open"))
        channel.on("message", lambda text: lines.say("ready"))
        await peer.setLocalDescription(await peer.createOffer())
        return peer

    async def _call(self, peer: RTCPeerConnection) -> None:
        if self._http is not None:
            await self._post(self._http, peer)
            return
        async with self._session() as http:
            await self._post(http, peer)

    async def _post(self, http: aiohttp.ClientSession, peer: RTCPeerConnection) -> None:
        where = f"{self._url}/v1/realtime/calls"
        async with http.post(where, data=peer.localDescription.sdp.encode()) as response:
            answer = RTCSessionDescription(await response.text(), "answer")
        await peer.setRemoteDescription(answer)


async def device(address: str, ca_file: str, is_prepared: bool = False) -> None:
    end = Device(address, ca_file)
    if is_prepared:
        await end.prepare()
    lines.say("ready")
    async for order in lines.orders():
        match order:
            case "wake":
                await end.wake()
            case "mark":
                end.mark()
            case "end":
                await end.end()
                if is_prepared:
                    await end.prepare()
    await end.close()


async def prepared(address: str, ca_file: str) -> None:
    await device(address, ca_file, is_prepared=True)


if __name__ == "__main__":
    asyncio.run(
        {"relay": relay, "device": device, "prepared": prepared}[sys.argv[1]](*sys.argv[2:])
    )
