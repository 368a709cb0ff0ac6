"""What a session needs from the thing that carries it; `webrtc.call.Call` is one.

The transport calls `on_open`, `on_message`, `on_audio` and `on_closed` of the
session, from the event loop.
"""

from collections.abc import Callable
from typing import Protocol

from edgevoice.audio.frames import Samples


class Output(Protocol):
    """Sends one answer at a time, at the speed of sound."""

    on_first_packet: Callable[[], None]
    on_drained: Callable[[], None]
    """The answer has ended and its last packet is sent."""

    @property
    def sent_ms(self) -> int:
        """How much of the current answer has left."""

    def begin(self) -> None: ...

    def play(self, samples: Samples) -> None:
        """24 kHz, any length; buffered."""

    def end(self) -> None:
        """Nothing more follows in this answer."""

    def clear(self) -> int:
        """Drop what is left of the answer; how many milliseconds of it were sent."""


class Received(Protocol):
    """Counters of the caller's media, in 16 kHz samples and packets."""

    @property
    def samples(self) -> int: ...
    @property
    def packets(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def concealed(self) -> int: ...


class CallTransport(Protocol):
    @property
    def output(self) -> Output: ...

    @property
    def received(self) -> Received: ...

    def send(self, text: str) -> None:
        """One event, on the ordered channel."""

    async def run(self) -> None:
        """Until the call is closed by either side."""

    async def close(self) -> None: ...
