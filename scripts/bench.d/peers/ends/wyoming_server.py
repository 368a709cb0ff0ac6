"""The place of Home Assistant for a Wyoming satellite: hears, and answers every turn the same.

python -m peers.ends.wyoming_server FOLDER SATELLITE_PORT

FOLDER/answer.pcm is the answer, 22,050 Hz. SIGUSR1 ends what goes on. It connects to the
satellite, as Home Assistant does, and again whenever the connection broke.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from peers.ends.ear import Ear, Turns

ANSWER_RATE_HZ = 22_050
CHUNK = 2048
"""Bytes; Home Assistant sends 1024 samples at a time, as fast as they are taken."""
AGAIN_S = 0.2


class Server:
    def __init__(self, folder: Path) -> None:
        self._ear = Ear(folder)
        self._answer = (folder / "answer.pcm").read_bytes()
        self._turns = Turns()
        self._writer: asyncio.StreamWriter
        self._answering = False

    async def serve(self, port: int) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._give_up)
        while True:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
                self._send("run-satellite")
                self._ear.say("ready")
                await self._follow(reader)
            except (OSError, asyncio.IncompleteReadError):
                self._ear.say("lost")
            await asyncio.sleep(AGAIN_S)

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            event = json.loads(line)
            data = event.get("data") or {}
            if length := event.get("data_length"):
                data |= json.loads(await reader.readexactly(length))
            payload = await reader.readexactly(event.get("payload_length") or 0)
            await self._take(event["type"], payload)

    async def _take(self, kind: str, payload: bytes) -> None:
        if kind == "run-pipeline":
            self._turns, self._answering = Turns(), False
            self._ear.call()
        elif kind == "audio-chunk" and not self._answering:
            samples = np.frombuffer(payload, "<i2").astype(np.int16)
            self._ear.append(samples)
            if self._turns.hear(samples):
                self._ear.say("turn")
                await self._speak()

    def _give_up(self) -> None:
        """Nobody says anything: the pipeline ends without words."""
        self._send("transcript", {"text": ""})

    async def _speak(self) -> None:
        self._answering = True
        self._send("voice-stopped", {"timestamp": 0})
        self._send("transcript", {"text": "what"})
        self._send("synthesize", {"text": "this"})
        form = {"rate": ANSWER_RATE_HZ, "width": 2, "channels": 1}
        self._send("audio-start", form)
        for at in range(0, len(self._answer), CHUNK):
            self._send("audio-chunk", form, self._answer[at : at + CHUNK])
        self._send("audio-stop")
        await self._writer.drain()

    def _send(self, kind: str, data: dict[str, Any] | None = None, payload: bytes = b"") -> None:
        told = json.dumps(data or {}).encode()
        head = {"type": kind, "version": "1.5.4", "data_length": len(told)}
        if payload:
            head["payload_length"] = len(payload)
        self._writer.write(json.dumps(head).encode() + b"\n" + told + payload)


if __name__ == "__main__":
    asyncio.run(Server(Path(sys.argv[1])).serve(int(sys.argv[2])))
