"""What a session needs from the thing that carries it; `webrtc.call.Call` is one.

The transport calls `on_open`, `on_message`, `on_audio` and `on_closed` of the one
it was made for, from the event loop. Knows no implementation of it.
"""

from collections.abc import Callable
from typing import Protocol

from edgevoice.audio.departures import Departures
from edgevoice.audio.frames import Samples


class Output(Protocol):
    """Sends one answer at a time, at the speed of sound."""

    on_first_packet: Callable[[], None]
    on_drained: Callable[[], None]
    """The answer has ended and its last packet is sent."""

    @property
    def sent_ms(self) -> int:
        """How much of the current answer has left."""

    def begin(self, at_ms: int = 0) -> None:
        """A new answer, or one that goes on from there; `sent_ms` counts from there, too."""

    def play(self, samples: Samples) -> None:
        """24 kHz, any length; buffered."""

    def end(self) -> None:
        """Nothing more follows in this answer."""

    def clear(self) -> int:
        """Drop what is left of the answer; how many milliseconds of it were sent.

        No callback follows, not even one that is on its way.
        """

    def departures(self) -> Departures:
        """Packets that have left since the last time, by how late they were."""


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

    @property
    def lost(self) -> bool:
        """Once it has ended: the way broke, and nobody said goodbye."""

    def send(self, text: str) -> None:
        """One event, on the ordered channel."""

    async def run(self) -> None:
        """Until the call is closed by either side."""

    async def close(self) -> None: ...


class Called(Protocol):
    """Whom a transport calls."""

    def on_open(self) -> None: ...

    def on_message(self, text: str) -> None: ...

    def on_audio(self, first: int, samples: Samples) -> None:
        """Sound of the client, 16 kHz; `first` counts from the transport's first sample."""

    def on_closed(self, reason: str) -> None: ...


MakeTransport = Callable[[Called], CallTransport]
