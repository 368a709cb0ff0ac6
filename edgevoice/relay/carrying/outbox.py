"""Events to the client: numbered, encoded, held back until the channel is open, kept for a while.

A client whose transport broke says how many it has received and is sent the rest.
Which transport that is, and what the events say, is nobody's business here.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.wire import encode
from edgevoice.relay.ids import NewId

KEPT_EVENTS = 1024
KEPT_BYTES = 524_288
"""A long answer is 300 events and 60 kB. Whoever missed more than this begins a new call."""
MOST_ASKERS = 64
MAX_ID_CHARS = 512
"""As OpenAI has it."""


class Outbox:
    def __init__(self, send: Callable[[str], None], new_id: NewId, *, keep: bool = False) -> None:
        """`keep`: the client may come back and ask what it has missed."""
        self._send = send
        self._new_id = new_id
        self._keep = keep
        self._waiting: (
            list[says.ServerEvent] | None
        ) = []  # bounded by Patience: media opens first, briefly
        self._kept: deque[str] = deque()
        self._kept_bytes = 0
        self._asker: Callable[[str], None] | None = None
        self._askers: dict[str, Callable[[str], None]] = {}
        """By the event that they may be told of later; the oldest goes first."""
        self.overheard: Callable[[says.ServerEvent, str], None] = lambda event, text: None
        """Sees what is sent, as it is sent."""
        self.count = 0
        """Of the events sent since the session began."""

    @property
    def is_open(self) -> bool:
        return self._waiting is None

    def emit(self, event: says.ServerEvent) -> None:
        if isinstance(event, says.Error) and (asker := self._who_asked(event)) is not None:
            asker(self._encoded(event))
            return
        if self._waiting is not None:
            self._waiting.append(event)
            return
        event = self._numbered(event)
        text = encode(event)
        self.overheard(event, text)
        self.count += 1
        if self._keep:
            self._remember(text)
        self._send(text)

    def tell(self, event: says.ServerEvent) -> None:
        """About the transport itself: at once, not counted, not kept."""
        self._send(self._encoded(event))

    def open(self, *first: says.ServerEvent) -> None:
        """The channel is open: `first` goes out before everything that has waited."""
        waiting, self._waiting = self._waiting or [], None
        for event in (*first, *waiting):
            self.emit(event)

    def since(self, count: int) -> tuple[str, ...]:
        """What was sent after so many events. RemoteProtocolError when that cannot be said."""
        missed = self.count - count
        if missed < 0:
            raise RemoteProtocolError(f"events: {count} received, but {self.count} were sent")
        if missed > len(self._kept):
            raise RemoteProtocolError(
                f"events: of the {missed} that were missed {len(self._kept)} are kept; call anew"
            )
        return tuple(self._kept)[len(self._kept) - missed :]

    def take_back(self, number: int) -> None:
        """The event that was sent as this one of all is kept no more: it is not true any more.

        For a client that has not received it, and is about to be sent the rest.
        """
        kept_from = self.count - len(self._kept)
        text = self._kept[number - kept_from - 1]
        del self._kept[number - kept_from - 1]
        self._kept_bytes -= _bytes(text)
        self.count -= 1

    def refuse(
        self, message: str, *, code: str, event_id: str = "", param: str | None = None
    ) -> None:
        """The client asked for something that cannot be; it learns which event it was."""
        self.emit(
            says.Error(
                error=ErrorDetails(
                    type="invalid_request_error",
                    code=code,
                    message=message,
                    param=param,
                    event_id=event_id or None,
                )
            )
        )

    @contextmanager
    def answering(self, asker: Callable[[str], None], event_id: str) -> Iterator[None]:
        """Errors meanwhile, and later ones about this event, are of somebody else's making than
        the client's, and go there."""
        self.asked(event_id)
        if 0 < len(event_id) <= MAX_ID_CHARS:
            self._askers[event_id] = asker
        if len(self._askers) > MOST_ASKERS:
            del self._askers[next(iter(self._askers))]
        self._asker = asker
        try:
            yield
        finally:
            self._asker = None

    def asked(self, event_id: str) -> None:
        """The client names an event so, as whoever else has done before."""
        self._askers.pop(event_id, None)

    def _who_asked(self, event: says.Error) -> Callable[[str], None] | None:
        """None: the client, or nobody."""
        return self._asker or self._askers.pop(event.error.event_id or "", None)

    def _encoded(self, event: says.ServerEvent) -> str:
        return encode(self._numbered(event))

    def _numbered(self, event: says.ServerEvent) -> says.ServerEvent:
        assert not isinstance(event, UnknownEvent), "we know what we say"
        return msgspec.structs.replace(event, event_id=self._new_id("event"))

    def _remember(self, text: str) -> None:
        self._kept.append(text)
        self._kept_bytes += _bytes(text)
        while len(self._kept) > KEPT_EVENTS or self._kept_bytes > KEPT_BYTES:
            self._kept_bytes -= _bytes(self._kept.popleft())


def _bytes(text: str) -> int:
    return len(text.encode())
