"""The last events of one session, to be written down should it fail.

What the client asked, what it was told, and what became of the line, each with its time:
what the relay did, in the order in which it did it. It is read, not played: a session
waits for engines and transports, which nobody could play. Sound is not in it, and no word
once it is written.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from edgevoice.errors import LocalProtocolError
from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.event import Event, UnknownEvent
from edgevoice.realtime.masking import Mask
from edgevoice.realtime.wire import encode

VERSION = 1

MOST_ENTRIES = 400
LONGEST = 2_048
"""Bytes of an event; of a longer one only its type is kept. 800 kB a session, at most."""

SOUND = (asks.InputAudioBufferAppend, says.ResponseOutputAudioDelta)


class SessionRecord:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._entries: deque[tuple[float, str, str]] = deque(maxlen=MOST_ENTRIES)
        """When, `in`, `out` or `line`, and JSON."""

    def asked(self, event: asks.ClientEvent) -> None:
        self._add("in", event)

    def told(self, event: says.ServerEvent) -> None:
        self._add("out", event)

    def noted(self, what: str) -> None:
        """Of the line or the engine, in our words."""
        self._entries.append((self._now(), "line", msgspec.json.encode(what).decode()))

    def _add(self, way: str, event: Event | UnknownEvent) -> None:
        if not isinstance(event, SOUND):
            self._entries.append((self._now(), way, _text(event)))

    def lines(self) -> Iterator[dict[str, Any]]:
        """Without words, oldest first. In any thread."""
        mask = Mask()
        for at, way, text in self._entries.copy():
            value = msgspec.json.decode(text)
            yield {"now": round(at, 3), way: value if way == "line" else mask.mask(value)}


def _text(event: Event | UnknownEvent) -> str:
    try:
        text = encode(event)
    except LocalProtocolError:
        text = ""
    if 0 < len(text) <= LONGEST:
        return text
    return msgspec.json.encode({"type": event.type, "characters": len(text)}).decode()
