"""Further connections to a live session: they see its events, and may send their own.

For programs that watch a call, or answer its tools, while somebody else has its sound. Each
sees what the client sees, from a `session.created` of its own on, and is told alone what it
did wrong. One that reads too slowly loses its connection; the session does not notice.
"""

from asyncio import TaskGroup
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime import wire
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.realtime.response import ErrorDetails
from edgevoice.relay.carrying.call_transport import CallTransport, MakeTransport
from edgevoice.relay.state import SessionState

MOST = 4
"""Of one session."""
_MEDIA = (asks.InputAudioBufferAppend, asks.OutputAudioBufferClear)
"""The client's alone, who speaks and hears."""


class Sidebands:
    def __init__(
        self,
        state: SessionState,
        event_bytes: int,
        part: Callable[[Coroutine[Any, Any, None]], None],
        obey: Callable[[ClientEvent], None],
    ) -> None:
        """`part` runs a connection to its own end."""
        self._state = state
        self._event_bytes = event_bytes
        self._part = part
        self._obey = obey
        self._joined: set[_Sideband] = set()
        state.outbox.overheard = self._overheard

    @property
    def count(self) -> int:
        return len(self._joined)

    def join(self, make_transport: MakeTransport) -> bool:
        """One more. False: there are enough."""
        if len(self._joined) >= MOST:
            return False
        sideband = _Sideband(self, make_transport)
        self._joined.add(sideband)
        self._part(self._carry(sideband))
        return True

    async def close(self) -> None:
        """The session is over."""
        async with TaskGroup() as group:
            for sideband in self._joined:
                group.create_task(sideband.transport.close())

    async def _carry(self, sideband: "_Sideband") -> None:
        try:
            await sideband.transport.run()
        finally:
            self._joined.discard(sideband)
            await sideband.transport.close()

    def _overheard(self, event: says.ServerEvent, text: str) -> None:
        """What the client is told. What is between our device and us is of no use to others."""
        if event.type.startswith("edgevoice.") or isinstance(event, says.SessionCreated):
            return
        if isinstance(event, says.ConversationItemTruncated) and event.heard_text is not None:
            text = wire.encode(msgspec.structs.replace(event, heard_text=None))
        for sideband in self._joined:
            sideband.send(text)

    # What one of them says.

    def opened(self, sideband: "_Sideband") -> None:
        event_id = self._state.new_id("event")
        created = says.SessionCreated(event_id=event_id, session=self._state.settings)
        sideband.transport.send(wire.encode(created))

    def said(self, sideband: "_Sideband", text: str) -> None:
        try:
            event = wire.decode_client_event(text, self._event_bytes)
            if isinstance(event, _MEDIA) or event.type.startswith("edgevoice."):
                raise RemoteProtocolError(f"{event.type[:60]}: not by a sideband")
        except RemoteProtocolError as error:
            event_id = wire.event_id_of(text, self._event_bytes)
            sideband.transport.send(self._refusal(str(error), event_id))
            return
        with self._state.outbox.answering(sideband.send, event.event_id):
            self._obey(event)

    def _refusal(self, message: str, event_id: str) -> str:
        details = ErrorDetails(
            type="invalid_request_error",
            code="invalid_value",
            message=message,
            event_id=event_id or None,
        )
        return wire.encode(says.Error(event_id=self._state.new_id("event"), error=details))


class _Sideband:
    """Whom the transport of one calls."""

    def __init__(self, sidebands: Sidebands, make_transport: MakeTransport) -> None:
        self._sidebands = sidebands
        self.is_open = False
        self.transport: CallTransport = make_transport(self)

    def on_open(self) -> None:
        self.is_open = True
        self._sidebands.opened(self)

    def send(self, text: str) -> None:
        """Nobody may be there any more."""
        if self.is_open:
            self.transport.send(text)

    def on_message(self, text: str) -> None:
        self._sidebands.said(self, text)

    def on_audio(self, first: int, samples: Samples) -> None:
        raise AssertionError("a sideband has no sound")

    def on_closed(self, reason: str) -> None:
        self.is_open = False
