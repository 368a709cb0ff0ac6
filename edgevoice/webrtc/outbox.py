"""Events on their way out, kept until the channel that takes them opens.

Nothing is dropped silently: an event the peer does not take is trouble, and
trouble ends the session. What the events say is nobody's business here.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from aiortc.exceptions import InvalidStateError

MAX_WAITING_BYTES = 4_194_304
"""The peer does not read, or the channel does not open: more than anybody needs to say."""


class Channel(Protocol):
    """aiortc's data channel is one."""

    @property
    def bufferedAmount(self) -> int: ...

    def send(self, data: str) -> None: ...


class Outbox:
    def __init__(self, on_trouble: Callable[[str], None]) -> None:
        self._on_trouble = on_trouble
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._channel: Channel | None = None

    def send(self, text: str) -> None:
        """Now if the channel is open, later if it is not open yet."""
        if self._channel is None:
            self._waiting.append(text)
            self._waiting_bytes += len(text)
        else:
            self._write(self._channel, text)
        if self.pending_bytes > MAX_WAITING_BYTES:
            self._on_trouble("the other side does not read its events")

    @property
    def pending_bytes(self) -> int:
        """Said, and not yet on the wire."""
        return self._channel.bufferedAmount if self._channel else self._waiting_bytes

    def attach(self, channel: Channel) -> None:
        """The channel is open: say what has waited."""
        self._channel = channel
        while self._waiting:
            self._write(channel, self._waiting.popleft())
        self._waiting_bytes = 0

    def _write(self, channel: Channel, text: str) -> None:
        try:
            channel.send(text)
        except InvalidStateError:
            self._on_trouble("the event channel is closed")
        except ValueError as error:
            self._on_trouble(f"an event is too large to send: {error}")
