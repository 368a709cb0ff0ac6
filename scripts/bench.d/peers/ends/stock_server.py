"""A WebRTC server of plain aiortc, as in its examples: hears, and answers every turn the same.

python -m peers.ends.stock_server FOLDER PORT

FOLDER/answer.pcm is the answer, 48 kHz. Who speaks into it is heard: it is not sent on.
"""

import asyncio
import fractions
import sys
import time
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from peers.ends.ear import RATE_HZ, Ear, Turns

SPEAKING_RATE_HZ = 48_000
FRAME = 960


class Mouth(MediaStreamTrack):
    """Silence, or the answer, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.left = np.zeros(0, np.int16)
        self.started = False
        self._start = 0.0
        self._sent = 0

    async def recv(self) -> av.AudioFrame:
        self._start = self._start or time.monotonic()
        await asyncio.sleep(self._start + self._sent / SPEAKING_RATE_HZ - time.monotonic())
        block, self.left = self.left[:FRAME], self.left[FRAME:]
        block = np.pad(block, (0, FRAME - len(block)))
        frame = av.AudioFrame.from_ndarray(block[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SPEAKING_RATE_HZ, self._sent
        frame.time_base = fractions.Fraction(1, SPEAKING_RATE_HZ)
        self._sent += FRAME
        return frame


class Server:
    def __init__(self, folder: Path, group: asyncio.TaskGroup) -> None:
        self._ear = Ear(folder)
        self._answer = np.frombuffer((folder / "answer.pcm").read_bytes(), "<i2").astype(np.int16)
        self._group = group

    async def take(self, request: web.Request) -> web.Response:
        peer, mouth = RTCPeerConnection(RTCConfiguration(iceServers=[])), Mouth()
        self._ear.call()
        peer.on("track", lambda track: self._group.create_task(self._listen(peer, track, mouth)))

        async def on_state() -> None:
            if peer.connectionState in ("closed", "failed"):
                await peer.close()

        peer.on("connectionstatechange", on_state)
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        peer.addTrack(mouth)
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(text=peer.localDescription.sdp)

    async def _listen(self, peer: RTCPeerConnection, track: MediaStreamTrack, mouth: Mouth) -> None:
        turns, first = Turns(), None
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                first = frame.pts if first is None else first
                start = (frame.pts - first) * RATE_HZ // frame.sample_rate
                for piece in resampler.resample(frame):
                    samples = piece.to_ndarray().reshape(-1)
                    self._ear.hear(start, samples)
                    if turns.hear(samples):
                        self._ear.say("turn")
                        mouth.left = self._answer
                    elif turns.speaking:
                        mouth.left = mouth.left[:0]


async def main(folder: Path, port: int) -> None:
    async with asyncio.TaskGroup() as group:
        server = Server(folder, group)
        app = web.Application()
        app.router.add_post("/offer", server.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server._ear.say("ready")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
