"""The configured microphone for as long as a command runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from edgevoice.audio.frames import Samples
from edgevoice.config import MicrophoneConfig
from edgevoice.hardware.sound.microphone import make_microphone


def _found() -> None:
    """Its blocks show it."""


@asynccontextmanager
async def open_microphone(
    config: MicrophoneConfig, on_block: Callable[[Samples], None], on_lost: Callable[[str], None]
) -> AsyncIterator[None]:
    """MicrophoneError if it cannot be opened; one that is lost later is reopened."""
    microphone = make_microphone(config, on_block, on_lost, _found)
    try:
        await microphone.open()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(microphone.watch())
            yield
            watching.cancel()
    finally:
        await microphone.close()
