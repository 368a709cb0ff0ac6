"""What a PulseAudio or PipeWire server has and plays: the only caller of `pactl`.

It comes with both servers and speaks to both. Nothing is polled for what has gone:
`pactl subscribe` waits for us. Whose loudness is changed, and when, is decided in
`other_sound.py`.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.portaudio import Direction, in_thread
from edgevoice.hardware.sound.sound_server import KINDS

ANSWER_S = 2.0
"""A server that does not answer for this long hangs, and must not keep others."""

SUBSCRIBED_S = 0.3
"""`pactl subscribe` does not tell when it has begun; it takes a tenth of this."""


@dataclass(frozen=True, slots=True)
class Playing:
    """A stream into a loudspeaker (a "sink input")."""

    index: int
    owner: str
    """By what the server itself recognises a stream that comes back, and its loudness."""
    volumes: tuple[int, ...]
    """Per channel, cubic: 65536 is unchanged."""
    process_id: int | None
    """None: the server's own, such as the output of its echo canceller."""

    @property
    def stream(self) -> tuple[int, str]:
        return self.index, self.owner


class Pactl:
    """Where nothing else is said, AudioError when there is no server."""

    @property
    def is_installed(self) -> bool:
        return shutil.which("pactl") is not None

    async def playing(self) -> list[Playing]:
        try:
            return from_json(await _run("--format=json", "list", "sink-inputs"))
        except (AudioError, ValueError):  # before version 16, and odd letters after it
            return from_text(await _run("list", "sink-inputs"))

    async def set_volumes(self, index: int, volumes: Sequence[int]) -> None:
        """AudioError when the stream has ended."""
        await _run("set-sink-input-volume", str(index), *map(str, volumes))

    def names(self, direction: Direction) -> list[str] | None:
        """Of sources or sinks; None when there is nobody to ask. Blocks."""
        try:
            answer = subprocess.run(
                ["pactl", "list", "short", KINDS[direction] + "s"],
                capture_output=True,
                env=_plain(),
                timeout=ANSWER_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if answer.returncode:
            return None
        rows = answer.stdout.decode(errors="replace").splitlines()
        return [row.split("\t")[1] for row in rows if row.count("\t")]

    async def until_gone(self, name: str, direction: Direction) -> bool:
        """True when it has gone; False when there is nobody to ask (any more)."""
        try:
            listening = await _start("subscribe", stderr=asyncio.subprocess.DEVNULL)
        except AudioError:
            return False
        try:
            return await self._hear_of(listening, name, direction)
        finally:
            await _end(listening)

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


def from_json(text: str) -> list[Playing]:
    """ValueError for what cannot be understood."""
    try:
        return [
            _playing(
                entry["index"],
                [channel["value"] for channel in entry["volume"].values()],
                entry["properties"],
            )
            for entry in json.loads(text)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a list of streams: {error!r}") from error


def from_text(text: str) -> list[Playing]:
    """What `pactl list` prints for people, in English."""
    found = []
    for part in re.split(r"^Sink Input #", text, flags=re.M)[1:]:
        index = re.match(r"\d+", part)
        volumes = re.search(r"^\tVolume: (.*)", part, re.M)
        if index and volumes:
            levels = [int(value) for value in re.findall(r": *(\d+) /", volumes[1])]
            properties = re.findall(r'^\t\t([\w.-]+) = "(.*)"$', part, re.M)
            found.append(_playing(int(index[0]), levels, dict(properties)))
    return found


def _playing(index: int, volumes: Sequence[int], properties: Mapping[str, Any]) -> Playing:
    owner = properties.get("module-stream-restore.id") or properties.get("application.name", "")
    process = str(properties.get("application.process.id", ""))
    return Playing(
        int(index),
        str(owner),
        tuple(int(volume) for volume in volumes),
        int(process) if process.isdecimal() else None,
    )


async def _run(*arguments: str) -> str:
    """What it prints; AudioError with what it complains of."""
    process = await _start(*arguments, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(ANSWER_S):
            output, complaint = await process.communicate()
    except TimeoutError:
        raise AudioError(
            "the sound server does not answer: log out and in again, or restart it"
        ) from None
    finally:
        await _end(process)
    if process.returncode:
        raise AudioError(" ".join(complaint.decode(errors="replace").split()))
    return output.decode(errors="replace")


async def _start(*arguments: str, stderr: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            "pactl",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env=_plain(),
        )
    except OSError as error:
        raise AudioError(
            f"pactl cannot be run ({error}): sudo apt install pulseaudio-utils"
        ) from error


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


def _plain() -> dict[str, str]:
    """In other languages it prints other words."""
    return {**os.environ, "LC_ALL": "C"}
