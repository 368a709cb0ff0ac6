"""A voice assistant as tutorials make one: openWakeWord's loop, then plain aiortc.

python -m peers.ends.stock_device SERVER_PORT MODELS WORD

It runs in the peers' environment. The microphone is read 80 ms at a time, as in
openWakeWord's example; when the word is heard a connection is made, as in aiortc's, with a
track of the live microphone. SIGUSR1 hangs up, which people do by closing a tab.
"""

import asyncio
import fractions
import signal
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from openwakeword import Model

RATE_HZ = 16_000
CHUNK = 1280
FRAME = 320
THRESHOLD = 0.5
RECORD = ("parec", "--rate=16000", "--channels=1", "--format=s16le", "--latency-msec=20")
PLAY = ("pacat", "--playback", "--rate=48000", "--channels=2", "--format=s16le",
        "--latency-msec=20")  # fmt: skip


class Microphone(MediaStreamTrack):
    """Live: what was said before the connection first asks is not in it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(500)
        self._listens = False
        self._sent = 0

    def hear(self, sound: bytes) -> None:
        if self._listens:
            for at in range(0, len(sound), 2 * FRAME):
                with suppress(asyncio.QueueFull):
                    self._waiting.put_nowait(sound[at : at + 2 * FRAME])

    async def recv(self) -> av.AudioFrame:
        self._listens = True
        samples = np.frombuffer(await self._waiting.get(), "<i2")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, self._sent
        frame.time_base = fractions.Fraction(1, RATE_HZ)
        self._sent += FRAME
        return frame


class Assistant:
    def __init__(self, port: int, models: Path, word: str) -> None:
        self._url = f"http://127.0.0.1:{port}/offer"
        self._model = Model(
            wakeword_models=[str(next(models.glob(f"{word}*.onnx")))],
            inference_framework="onnx",
            melspec_model_path=str(models / "melspectrogram.onnx"),
            embedding_model_path=str(models / "embedding_model.onnx"),
        )
        self._peer: RTCPeerConnection | None = None
        self._microphone = Microphone()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._hang_up)
        recorder = await asyncio.create_subprocess_exec(*RECORD, stdout=asyncio.subprocess.PIPE)
        assert recorder.stdout is not None
        print("listening", flush=True)
        while True:
            sound = await recorder.stdout.readexactly(2 * CHUNK)
            self._microphone.hear(sound)
            scores = self._model.predict(np.frombuffer(sound, "<i2"))
            if max(scores.values()) > THRESHOLD and self._peer is None:
                self._begin(self._talk())

    def _begin(self, work: object) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _hang_up(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            self._begin(peer.close())

    async def _talk(self) -> None:
        self._peer = peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._microphone = Microphone()
        peer.addTrack(self._microphone)
        peer.on("track", lambda track: self._begin(self._play(track)))
        await peer.setLocalDescription(await peer.createOffer())
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.post(self._url, data=peer.localDescription.sdp) as response,
            ):
                answer = RTCSessionDescription(await response.text(), "answer")
            await peer.setRemoteDescription(answer)
        except aiohttp.ClientError as error:
            print(error, file=sys.stderr)
            self._hang_up()

    async def _play(self, track: MediaStreamTrack) -> None:
        player = await asyncio.create_subprocess_exec(*PLAY, stdin=asyncio.subprocess.PIPE)
        assert player.stdin is not None
        try:
            while True:
                frame = await track.recv()
                player.stdin.write(frame.to_ndarray().tobytes())
        except MediaStreamError:
            player.stdin.close()
            await player.wait()


if __name__ == "__main__":
    _, port, models, word = sys.argv
    asyncio.run(Assistant(int(port), Path(models), word).run())
