"""The output of a call as one voice: an answer at a time, each announced and accounted for."""

import asyncio
from collections.abc import Callable

from edgevoice.audio.frames import Samples
from edgevoice.relay.call_transport import Output


class Voice:
    def __init__(
        self, output: Output, on_started: Callable[[str], None], on_stopped: Callable[[str], None]
    ) -> None:
        self._output = output
        self._on_started = on_started
        self._on_stopped = on_stopped
        self._free = asyncio.Event()
        self._free.set()
        self._ended = False
        self.response_id: str | None = None
        """The answer that is being sent."""
        output.on_first_packet = self._first_packet
        output.on_drained = self._drained

    @property
    def sent_ms(self) -> int:
        return self._output.sent_ms

    async def begin(self, response_id: str) -> None:
        """Wait for the answer before to end, then begin this one."""
        while self.response_id is not None:
            await self._free.wait()
        self._free.clear()
        self.response_id, self._ended = response_id, False
        self._output.begin()

    def play(self, samples: Samples) -> None:
        self._output.play(samples)

    def end(self) -> None:
        self._ended = True
        self._output.end()

    def cut(self) -> tuple[str, int] | None:
        """Be silent at once: which answer, and how many milliseconds of it were sent."""
        if self.response_id is None:
            return None
        cut = self.response_id, self._output.clear()
        self._release()
        return cut

    def _first_packet(self) -> None:
        if self.response_id is not None:
            self._on_started(self.response_id)

    def _drained(self) -> None:
        """A buffer that runs dry in the middle of an answer is not its end."""
        if self.response_id is None or not self._ended:
            return
        stopped = self.response_id
        self._release()
        self._on_stopped(stopped)

    def _release(self) -> None:
        self.response_id = None
        self._free.set()
