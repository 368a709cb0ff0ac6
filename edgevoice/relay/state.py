"""What the parts of one session share. No behaviour beyond publishing an event."""

from asyncio import Task
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from edgevoice.realtime import server_events as says
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.session import Session as Settings
from edgevoice.relay.carrying.outbox import Outbox
from edgevoice.relay.ids import NewId

Told = Callable[[says.ServerEvent], None]
Asked = Callable[[ClientEvent], None]
Spawn = Callable[[Coroutine[Any, Any, None]], Task[None]]

_OF_MEDIA = (
    says.OutputAudioBufferStarted,
    says.OutputAudioBufferStopped,
    says.OutputAudioBufferCleared,
)
"""Whoever is sent sound inside events plays it, and knows best when."""


@dataclass(slots=True)
class SessionState:
    settings: Settings
    """The effective configuration, as the client sees it."""
    conversation: Conversation
    outbox: Outbox
    new_id: NewId
    spawn: Spawn
    """Runs until the session ends."""
    extensions: bool
    """The client understands `edgevoice.*`."""
    watch: Told = lambda event: None
    """Sees everything that is published, also what the client has not asked for."""
    asked: Asked = lambda event: None
    """Sees every event of the client that is obeyed."""
    has_spoken: bool = False
    """The assistant was heard: its voice stays."""
    sound_in_events: bool = False
    """It hears by `response.output_audio.delta`: no media runs beside the events."""

    @property
    def last_item_id(self) -> str | None:
        return self.conversation.last_item_id or None

    def item_before(self, item_id: str) -> str | None:
        ids = [item.id for item in self.conversation.items]
        position = ids.index(item_id) if item_id in ids else 0
        return ids[position - 1] if position else None

    def publish(self, event: says.ServerEvent, *, silent: bool = False) -> None:
        """Follow the event and send it.

        The device's replica applies the same events, so both ends are equal by construction.
        """
        self.conversation.apply(event)
        self.watch(event)
        if isinstance(event, says.ConversationItemTruncated) and not self.extensions:
            event = msgspec.structs.replace(event, heard_text=None)
        if not silent and not (self.sound_in_events and isinstance(event, _OF_MEDIA)):
            self.outbox.emit(event)
