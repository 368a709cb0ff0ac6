"""What is known of an answer that the server makes: its items, and what was heard of them."""

from asyncio import Task
from collections.abc import Iterator
from dataclasses import dataclass, field

from edgevoice.audio.frames import Samples
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import Item
from edgevoice.relay.answers.spoken import Spoken
from edgevoice.relay.carrying.sound_format import OutgoingSound


@dataclass(slots=True)
class Part:
    """What is said in one message; `spoken` also where it is only written."""

    content_index: int
    is_audio: bool
    spoken: Spoken
    is_open: bool = True
    written: str = ""
    outgoing: OutgoingSound | None = None
    """Where its sound goes out in events."""


@dataclass(slots=True)
class Output:
    """One item of an answer."""

    item: Item
    output_index: int
    parts: dict[int, Part] = field(default_factory=dict)
    is_open: bool = True


@dataclass(slots=True)
class Answer:
    id: str
    response: says.ResponseCreated
    in_conversation: bool = True
    outputs: dict[str, Output] = field(default_factory=dict)
    pending: list[Samples] = field(default_factory=list)
    """Sound that waits for the answer before to end."""
    waiting: Task[None] | None = None
    is_sounding: bool = False
    is_silenced: bool = False
    is_done: bool = False

    @property
    def duration_ms(self) -> int:
        return sum(part.spoken.duration_ms for _, part in self.parts())

    def parts(self) -> Iterator[tuple[str, Part]]:
        for item_id, output in self.outputs.items():
            for part in output.parts.values():
                yield item_id, part


@dataclass(frozen=True, slots=True)
class Cut:
    """What was heard of one part of a message that was not heard to its end."""

    item_id: str
    content_index: int
    end_ms: int
    heard: str

    @property
    def event(self) -> says.ConversationItemTruncated:
        return says.ConversationItemTruncated(
            item_id=self.item_id,
            content_index=self.content_index,
            audio_end_ms=self.end_ms,
            heard_text=self.heard,
        )
