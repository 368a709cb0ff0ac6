"""Keeps the microphone open while it is wanted, and closed while it is not.

Muting closes the device itself. Orders come from the performer, which cannot
wait; they are carried out here, one after the other.
"""

import asyncio
import logging
from collections.abc import Callable

from edgevoice.errors import MicrophoneError
from edgevoice.hardware.sound.microphone import Microphone
from edgevoice.transceiver.inputs import Input, MicrophoneFound, MicrophoneLost

log = logging.getLogger(__name__)


class Capture:
    microphone: Microphone
    """Set once by whoever makes it, as microphone and capture know each other."""

    def __init__(self, post: Callable[[Input], None], on_interrupted: Callable[[], None]) -> None:
        self._post = post
        self._on_interrupted = on_interrupted
        self._wanted = False
        self._changed = asyncio.Event()
        self._lost = False
        self.is_tried = False
        """It is known whether it can be opened, or that it is to stay closed."""

    @property
    def expected(self) -> bool:
        """Blocks should be arriving."""
        return self._wanted and not self._lost

    @property
    def is_lost(self) -> bool:
        """It is wanted, and not there."""
        return self._lost

    def want(self, wanted: bool) -> None:
        self._wanted = wanted
        self._changed.set()

    def lost(self, reason: str) -> None:
        """The microphone's callback."""
        log.error("no sound is captured: %s", reason)
        self._lost = True
        self._post(MicrophoneLost(reason))

    def found(self) -> None:
        """The microphone's callback."""
        log.info("the microphone is back")
        self._lost = False
        self._on_interrupted()
        self._post(MicrophoneFound())

    async def run(self) -> None:
        is_open = False
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                wanted = self._wanted  # may change while this one is carried out
                if wanted and not is_open:
                    await self._open()
                elif is_open and not wanted:
                    await self._close()
                is_open = wanted
                self.is_tried = True
        finally:
            await self.microphone.close()

    async def _open(self) -> None:
        self._on_interrupted()
        try:
            await self.microphone.open()
        except MicrophoneError as error:
            self.lost(str(error))

    async def _close(self) -> None:
        await self.microphone.close()
        self._on_interrupted()
        if self._lost:
            self._lost = False
            self._post(MicrophoneFound())
