"""Events to the client: numbered, encoded, and held back until the channel is open."""

from collections.abc import Callable

import msgspec

from edgevoice.realtime import server_events as says
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.response import ErrorDetails
from edgevoice.realtime.wire import encode
from edgevoice.relay.ids import NewId


class Outbox:
    def __init__(self, send: Callable[[str], None], new_id: NewId) -> None:
        self._send = send
        self._new_id = new_id
        self._waiting: (
            list[says.ServerEvent] | None
        ) = []  # bounded by Patience: media opens first, briefly

    def emit(self, event: says.ServerEvent) -> None:
        assert not isinstance(event, UnknownEvent), "we know what we say"
        if self._waiting is not None:
            self._waiting.append(event)
            return
        self._send(encode(msgspec.structs.replace(event, event_id=self._new_id("event"))))

    def open(self, *first: says.ServerEvent) -> None:
        """The channel is open: `first` goes out before everything that has waited."""
        waiting, self._waiting = self._waiting or [], None
        for event in (*first, *waiting):
            self.emit(event)

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
