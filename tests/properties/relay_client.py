"""A client of the relay's session: transports that break under it, and what it has seen and said.

It is the far end as the protocol wants it: it counts events, comes back with the number it
has, and sends again the sound that the relay says it lacks.
"""

import json
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.config import LimitsConfig, RelayConfig
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.wire import decode_server_event
from edgevoice.relay.session import CallTerms
from tests.relay.order import Order
from tests.relay.story import UNCOUNTED, Story
from tests.relay.test_session_properties import Client

IDLE_S = 20.0
HOLD_S = 10.0
SESSION_S = 180.0
LIMITS = LimitsConfig(idle_s=IDLE_S, hold_s=HOLD_S)
RATE = 16


def ours(extensions: bool, in_events: bool) -> CallTerms:
    """`in_events`: sound goes as events; not with extensions, as our device never does."""
    return CallTerms(SESSION_S, {}, extensions=extensions, sound_in_events=in_events)


class Caller(Story):
    """One session, and its client over as many transports as it takes."""

    def __init__(self, extensions: bool, in_events: bool) -> None:
        super().__init__(RelayConfig(limits=LIMITS), ours(extensions, in_events))
        self.engine.words = ["well"] * 10_000
        self.extensions, self.in_events = extensions, in_events
        self.client = Client(self, in_events)
        self.is_connected = True
        self.stream: list[Samples] = []
        """All that was captured, block by block; the relay may lack the newest."""
        self.captured = 0
        self.seen: list[dict[str, Any]] = []
        """Events that were received, on all transports, each once."""
        self.asked = 0
        """Events that were sent and count."""
        self.order = Order(rates=not extensions)
        self.replica = Conversation()
        self.is_replica = extensions
        """Until it puts an item first into a conversation: of such a place nobody is told, because
        the first item follows nobody, and the events of some servers never say whom they follow."""
        self._looked = 0
        """At so many of what the transport in use has brought."""

    def send(self, kind: str, **fields: Any) -> None:
        self.asked += kind != "edgevoice.ping"
        super().send(kind, **fields)

    def send_raw(self, text: str) -> None:
        self.asked += 1
        self.session.on_message(text)

    def capture(self, ms: int, loud: bool) -> tuple[int, int]:
        """Sound whose samples tell where they belong; from where to where. Sent, if it can be."""
        start = self.captured
        self.captured += ms * RATE
        self.stream.append(coded(start, self.captured, loud))
        if self.is_connected:
            self._catch_up()
        return start, self.captured

    def heard_as(self, start: int, end: int) -> Samples:
        return np.concatenate(self.stream)[start:end]

    def _catch_up(self) -> None:
        """Everything that was captured and not sent yet."""
        waiting = self.heard_as(self.position, self.captured)
        for at in range(0, len(waiting), 777):
            block = waiting[at : at + 777]
            self.session.on_audio(self.position, block)
            self.position += len(block)

    async def break_off(self, unseen: int) -> None:
        """The way breaks; so many of the newest events never came."""
        for _ in range(min(unseen, 3)):  # or all that there is would have been seen before
            self.send("conversation.item.retrieve", item_id="nobody")
        self.look(unseen)
        self.is_connected = False
        await self.lose()

    def come_back(self) -> None:
        """By a new transport, and everything goes on where it was."""
        self.say_on(self.take_seat(), events=len(self.seen), response_id="", heard_ms=0)
        resumed = self.call.sent[0]
        assert resumed["type"] == "edgevoice.resumed", resumed
        assert resumed["events"] == self.asked, "an event of ours was lost, or counted twice"
        assert resumed["samples"] <= self.captured
        self.is_connected, self.position = True, resumed["samples"]
        if self.stream:
            self._catch_up()

    def take_seat(self) -> Any:
        leg, self.call = self.offer()
        self._looked = 0
        return leg

    def look(self, unseen: int = 0) -> None:
        """Take in what has come since the last time, but for the newest few."""
        new = [event for event in self.call.sent[self._looked :] if event["type"] not in UNCOUNTED]
        self._looked = len(self.call.sent)
        for event in new[: max(0, len(new) - unseen)]:
            self.seen.append(event)
            self.replica.apply(decode_server_event(json.dumps(event)))
            if not event["type"].startswith("edgevoice."):
                self.order.see(event)


def coded(start: int, end: int, loud: bool) -> Samples:
    """What the VAD takes for speech, or for silence; no two stretches of a second are alike."""
    places = np.arange(start, end)
    code = places * 7_919 % 4_001 if loud else places * 31 % 701
    coded: Samples = (code + 6_000 * loud).astype(np.int16)
    return coded
