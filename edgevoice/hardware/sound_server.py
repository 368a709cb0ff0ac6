"""What a sound server says of its sources and sinks: its own tool `pactl`, asked and listened to.

PulseAudio and PipeWire both answer it. When a source goes, either server moves our
stream to another one and tells the client nothing: the microphone would go on
with the wrong room, or with the loudspeaker. Nothing is polled here; `pactl
subscribe` waits for us.
"""

import asyncio
import os
import subprocess
from typing import Protocol

from edgevoice.hardware.portaudio import Direction, in_thread

ASK_S = 2.0
"""A server that hangs must not keep the opening of a device for longer."""

SUBSCRIBED_S = 0.3
"""`pactl subscribe` does not tell when it has begun; it takes a tenth of this."""

KINDS: dict[Direction, str] = {"in": "source", "out": "sink"}


class SoundServer(Protocol):
    def names(self, direction: Direction) -> list[str] | None:
        """Of sources or sinks; None when there is nobody to ask. Blocks."""

    async def until_gone(self, name: str, direction: Direction) -> bool:
        """True when it has gone; False when there is nobody to ask (any more)."""


class Pactl:
    """Both servers by their common tool."""

    def names(self, direction: Direction) -> list[str] | None:
        try:
            answer = subprocess.run(
                ["pactl", "list", "short", KINDS[direction] + "s"],
                capture_output=True,
                env=_plain(),
                timeout=ASK_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if answer.returncode:
            return None
        rows = answer.stdout.decode(errors="replace").splitlines()
        return [row.split("\t")[1] for row in rows if row.count("\t")]

    async def until_gone(self, name: str, direction: Direction) -> bool:
        try:
            listening = await asyncio.create_subprocess_exec(
                "pactl",
                "subscribe",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_plain(),
            )
        except OSError:
            return False
        try:
            return await self._hear_of(listening, name, direction)
        finally:
            if listening.returncode is None:
                listening.kill()
            await listening.wait()

    async def _hear_of(
        self, listening: asyncio.subprocess.Process, name: str, direction: Direction
    ) -> bool:
        assert listening.stdout is not None
        removal = f"'remove' on {KINDS[direction]} #".encode()
        await asyncio.sleep(SUBSCRIBED_S)
        if await self._is_gone(name, direction):  # before anybody listened
            return True
        while line := await listening.stdout.readline():
            if removal in line and await self._is_gone(name, direction):
                return True
        return False

    async def _is_gone(self, name: str, direction: Direction) -> bool:
        names = await in_thread(lambda: self.names(direction))
        return names is not None and name not in names


PACTL = Pactl()


def _plain() -> dict[str, str]:
    """The events of `subscribe` are translated otherwise."""
    return {**os.environ, "LC_ALL": "C"}
