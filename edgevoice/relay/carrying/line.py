"""What carries a session: one transport, none while it is held, and one more that may take over.

A transport calls its `Leg`, which passes on what it says while it is the one in use.
Whether to hold and whom to let take over is decided in `session.py`.
"""

from asyncio import TaskGroup
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from edgevoice.audio.frames import Samples
from edgevoice.relay.carrying.call_transport import MakeTransport

TAKE_OVER_S = 15.0
"""From the answer to `edgevoice.resume`; as long as a new call has to open its channel."""


@dataclass(frozen=True, slots=True)
class LineCallbacks:
    opened: Callable[[], None]
    message: Callable[[str], None]
    audio: Callable[[int, Samples], None]
    """Of the transport in use; samples by their place in the client's whole stream."""
    claimed: Callable[["Leg", str], None]
    """The first message of a transport that may take over."""
    left: Callable[[str, bool], None]
    """The transport in use has ended and is closed: why, and whether without a goodbye."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What arrived on all transports so far."""

    samples: int = 0
    packets: int = 0
    lost: int = 0
    concealed: int = 0


class Leg:
    """One transport of a session."""

    def __init__(self, make_transport: MakeTransport) -> None:
        self.line: Line | None = None
        """None: nobody listens yet, or any more."""
        self.first_sample = 0
        """Where the client's stream was when this transport began to be used."""
        self.reason = ""
        self.transport = make_transport(self)

    def on_open(self) -> None:
        if self.line is not None:
            self.line.on_open(self)

    def on_message(self, text: str) -> None:
        if self.line is not None:
            self.line.on_message(self, text)

    def on_audio(self, first: int, samples: Samples) -> None:
        if self.line is not None:
            self.line.on_audio(self, first, samples)

    def on_closed(self, reason: str) -> None:
        self.reason = reason


class Line:
    def __init__(
        self,
        leg: Leg,
        tell: LineCallbacks,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        hold_s: float,
    ) -> None:
        """`spawn` runs a transport's goodbye, which is not to be cut short."""
        self._tell = tell
        self._spawn = spawn
        self._hold_s = hold_s
        self._before = Totals()
        self._candidate: Leg | None = None
        self._candidate_by = 0.0
        self.held_since: float | None = None
        self.leg: Leg | None = leg
        """The transport in use."""
        leg.line = self

    @property
    def received(self) -> Totals:
        leg, before = self.leg, self._before
        if leg is None:
            return before
        now = leg.transport.received
        return Totals(
            leg.first_sample + now.samples,
            before.packets + now.packets,
            before.lost + now.lost,
            before.concealed + now.concealed,
        )

    @property
    def is_contested(self) -> bool:
        """A transport has been offered that is to take over."""
        return self._candidate is not None

    @property
    def deadline(self) -> float | None:
        """When `expire` has something to do."""
        held = None if self.held_since is None else self.held_since + self._hold_s
        candidate = None if self._candidate is None else self._candidate_by
        return min((limit for limit in (held, candidate) if limit is not None), default=None)

    def send(self, text: str) -> None:
        """Dropped when there is no transport: the outbox remembers."""
        if self.leg is not None:
            self.leg.transport.send(text)

    async def begin(self) -> None:
        """Carry the first transport to its end."""
        assert self.leg is not None, "a session is run once"
        await self.run(self.leg)

    async def run(self, leg: Leg) -> None:
        """Carry this transport to its end. An exception from here is a bug."""
        try:
            await leg.transport.run()
        finally:
            await leg.transport.close()
        self._ended(leg)

    def consider(self, leg: Leg, now: float) -> None:
        """This one may take over; there is one at a time."""
        self.dismiss(self._candidate)
        self._candidate, self._candidate_by, leg.line = leg, now + TAKE_OVER_S, self

    def dismiss(self, leg: Leg | None) -> None:
        """It will not carry this session, or does not any more."""
        if leg is None:
            return
        if leg is self._candidate:
            self._candidate = None
        leg.line = None
        self._spawn(leg.transport.close())

    def hold(self, now: float) -> None:
        """Without a transport, until one takes over."""
        self.held_since = now

    def switch(self, leg: Leg, first_sample: int) -> None:
        """From here on this is the transport in use; the other one is closed and not heard."""
        assert leg is self._candidate, "only who was considered takes over"
        self._before, old = self.received, self.leg
        leg.first_sample = first_sample
        self.leg, self._candidate, self.held_since = leg, None, None
        self.dismiss(old)

    def expire(self, now: float) -> str | None:
        """Dismiss who did not take over in time; why to hang up, if nobody came back."""
        if self._candidate is not None and now >= self._candidate_by:
            self.dismiss(self._candidate)
        if self.held_since is None or now < self.held_since + self._hold_s:
            return None
        return f"the connection broke, and the device did not come back for {self._hold_s:g} s"

    async def close(self) -> None:
        async with TaskGroup() as group:
            for leg in (self.leg, self._candidate):
                if leg is not None:
                    group.create_task(leg.transport.close())

    def _ended(self, leg: Leg) -> None:
        leg.line = None
        if leg is self._candidate:
            self._candidate = None
        elif leg is self.leg:
            self._before, self.leg = self.received, None
            self._tell.left(leg.reason, leg.transport.lost)

    # What the legs say.

    def on_open(self, leg: Leg) -> None:
        if leg is self.leg:
            self._tell.opened()

    def on_message(self, leg: Leg, text: str) -> None:
        if leg is self.leg:
            self._tell.message(text)
        else:
            self._tell.claimed(leg, text)

    def on_audio(self, leg: Leg, first: int, samples: Samples) -> None:
        """Sound that overtakes the first message is dropped: it cannot have a place yet."""
        if leg is self.leg:
            self._tell.audio(leg.first_sample + first, samples)
