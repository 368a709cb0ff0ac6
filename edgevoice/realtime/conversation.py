"""A conversation: items in order, within bounds, with the words that were really heard.

Both ends hold one. The writer (relay) inserts, deletes and truncates for its client
and applies the events it sends; the replica (device) applies the same events when
they arrive. No samples, no clock, no I/O.

Rule 1: what was not heard is not part of the conversation. A truncated item keeps
the words known to have been heard and refuses all later ones: transcripts arrive
after the interruption, and they are transcripts of everything.
Rule 2: only `added` (and the older `created`) brings an item in. `done` and deltas
update what is there, so nothing that was deleted or evicted comes back, and the
output of a response outside the conversation stays outside.
Rule 3: the oldest go first when the bounds are reached, a tool's call together
with its output.
Rule 4: two ends that followed the same server agree on the digest up to the settled
item of the one that is behind, whatever was cut off, failed or unfinished since.
"""

import hashlib
from collections.abc import Container, Iterable
from itertools import takewhile

import msgspec

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.realtime.history import Entry, History, size
from edgevoice.realtime.items import (
    FunctionCall,
    FunctionCallOutput,
    Item,
    Message,
)
from edgevoice.realtime.server_events import (
    ConversationCreated,
    ConversationItemAdded,
    ConversationItemCreated,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemTruncated,
    ResponseContentPartAdded,
    ResponseCreated,
    ResponseDone,
    ResponseFunctionCallArgumentsDone,
    ResponseOutputAudioTranscriptDelta,
    ResponseOutputAudioTranscriptDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
    ServerEvent,
)
from edgevoice.realtime.words import as_text, cut, keep_known, with_words, without_audio, words_at


class Conversation:
    def __init__(self, max_items: int = 100, max_bytes: int = 65_536) -> None:
        self.id = ""
        self._history = History(max_items, max_bytes)

    @property
    def items(self) -> tuple[Item, ...]:
        """All of them, in order, words still arriving included."""
        return tuple(entry.item for entry in self._history)

    @property
    def last_item_id(self) -> str:
        return self._history.last_id

    @property
    def size_bytes(self) -> int:
        """As JSON; never more than `max_bytes`."""
        return self._history.size_bytes

    def is_interrupted(self, item_id: str) -> bool:
        entry = self._history.get(item_id)
        return entry is not None and entry.interrupted

    def clear(self) -> None:
        """Forget everything."""
        self.id = ""
        self._history.clear()

    def remove(self, item_ids: Iterable[str]) -> None:
        """Forget these; those that are not here are no matter."""
        for item_id in item_ids:
            self._history.remove(item_id)

    def doubt(self, item_id: str) -> None:
        """It was interrupted here: it counts again when the server says what was heard."""
        entry = self._history.get(item_id)
        if entry is not None:
            entry.doubted = True

    def copy(self) -> "Conversation":
        """The same, of its own from now on."""
        other = Conversation()
        other.id, other._history = self.id, self._history.copy()
        return other

    # The writer's side.

    def insert(self, item: Item, previous_item_id: str | None = None) -> str | None:
        """Put it after the other (None: last, `root`: first); the id it now follows, if any.

        Raises RemoteProtocolError when the client asked for what cannot be.
        """
        if not item.id:
            raise LocalProtocolError("an item is given its id before it is inserted")
        if item.id in self._history:
            raise RemoteProtocolError(f"item {item.id!r} exists already; leave out its id")
        if previous_item_id not in (None, "root"):
            self._entry(previous_item_id or "")
        if not self._fits(item):
            limit = self._history.max_bytes
            raise RemoteProtocolError(f"item {item.id!r} is larger than a conversation: {limit} B")
        follows = self._history.place(item, previous_item_id)
        self._history.shrink()
        return follows

    def retrieve(self, item_id: str) -> Item:
        """Raises RemoteProtocolError when there is none."""
        return self._entry(item_id).item

    def delete(self, item_id: str) -> None:
        """Raises RemoteProtocolError when there is none."""
        self._entry(item_id)
        self._history.remove(item_id)

    def truncate(
        self, item_id: str, content_index: int, audio_end_ms: int, heard_text: str = ""
    ) -> None:
        """The listener interrupted after so much audio, having heard these words.

        Raises RemoteProtocolError when it is not spoken by the assistant.
        """
        self._interrupt(
            self._spoken(item_id, content_index, audio_end_ms), content_index, heard_text
        )

    def check_truncation(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Raises RemoteProtocolError where `truncate` would, and changes nothing."""
        self._spoken(item_id, content_index, audio_end_ms)

    def _spoken(self, item_id: str, content_index: int, audio_end_ms: int) -> Entry:
        """What may be truncated there."""
        entry = self._entry(item_id)
        message = entry.item
        if not isinstance(message, Message) or message.role != "assistant":
            raise RemoteProtocolError(f"item {item_id!r} is not the assistant's to truncate")
        if not 0 <= content_index < len(message.content) or audio_end_ms < 0:
            raise RemoteProtocolError(
                f"item {item_id!r} has {len(message.content)} parts; "
                f"cannot truncate part {content_index} at {audio_end_ms} ms"
            )
        if not message.content[content_index].type.endswith("audio"):
            raise RemoteProtocolError(f"item {item_id!r} part {content_index} is not audio")
        return entry

    # The replica's side; the writer applies what it sends.

    def apply(self, event: ServerEvent) -> bool:
        """Follow one event from the server; False when it changes nothing here."""
        followed = self._follow(event)
        self._history.shrink()
        return followed

    def _follow(self, event: ServerEvent) -> bool:
        match event:
            case ConversationCreated(conversation=conversation):
                return self._name(conversation.id)
            case ResponseCreated(response=response):
                return self._name(response.conversation_id)
            case ConversationItemAdded() | ConversationItemCreated():
                return self._add(event.item, event.previous_item_id)
            case ConversationItemDone() | ResponseOutputItemAdded() | ResponseOutputItemDone():
                return self._update(event.item)
            case ResponseDone(response=response):
                updated = [self._update(item) for item in response.output]
                return any(updated)
            case ConversationItemDeleted(item_id=item_id):
                return self._history.remove(item_id)
            case ConversationItemTruncated():
                return self._truncated(event)
            case ResponseContentPartAdded(part=part):
                kind = f"output_{part.type.removeprefix('output_')}"
                return self._open_part(event.item_id, event.content_index, kind)
            case ResponseFunctionCallArgumentsDone():
                return self._argue(event.item_id, event.arguments)
            case _:
                return self._follow_words(event)

    def _follow_words(self, event: ServerEvent) -> bool:
        match event:
            case ConversationItemInputAudioTranscriptionDelta(item_id=item_id):
                return self._grow(item_id, event.content_index or 0, event.delta, "input_audio")
            case ConversationItemInputAudioTranscriptionCompleted(content_index=index):
                return self._settle(event.item_id, index, event.transcript, "input_audio")
            case ConversationItemInputAudioTranscriptionFailed(content_index=index):
                return self._settle(event.item_id, index, "", "input_audio")
            case ResponseOutputAudioTranscriptDelta(content_index=index):
                return self._grow(event.item_id, index, event.delta, "output_audio")
            case ResponseOutputAudioTranscriptDone(content_index=index):
                return self._settle(event.item_id, index, event.transcript, "output_audio")
            case ResponseOutputTextDelta(content_index=index):
                return self._grow(event.item_id, index, event.delta, "output_text")
            case ResponseOutputTextDone(content_index=index):
                return self._settle(event.item_id, index, event.text, "output_text")
            case _:
                return False

    # What can be read from it.

    def text_items(self, after: str = "") -> tuple[Message, ...]:
        """What was said and heard, as text: seeds for another session, oldest first.

        Behind the item `after`; all of them when it is not here.
        """
        said = (entry for entry in self._history.after(after) if entry.is_heard)
        texts = (as_text(entry.item) for entry in said if isinstance(entry.item, Message))
        return tuple(text for text in texts if text is not None)

    def heard_items(self, after: str = "") -> tuple[Item, ...]:
        """What an answer is made from: messages that say something, calls with their outputs.

        Behind the item `after`; all of them when it is not here.
        """
        return tuple(entry.item for entry in self._history.after(after) if self._counts(entry))

    def told_items(self) -> tuple[Item, ...]:
        """What was said and heard, messages as text: as much as makes the same digest."""
        texts = (as_text(i) if isinstance(i, Message) else i for i in self._told(None))
        return tuple(text for text in texts if text is not None)

    def unheard_ids(self) -> tuple[str, ...]:
        """What no answer is made from: unfinished, not understood, never heard."""
        return tuple(entry.item.id for entry in self._history if not self._counts(entry))

    def ids(self, until: str | None = None) -> frozenset[str]:
        """Of all items up to and including that one."""
        return frozenset(entry.item.id for entry in self._history.until(until))

    def says(self, item: Item) -> bool:
        """It is here already and was heard, with the same words."""
        entry = self._history.get(item.id)
        return entry is not None and self._counts(entry) and _gist(entry.item) == _gist(item)

    def settled_item_id(self, held: Container[str] | None = None) -> str:
        """The last item that was said and heard, and before which nothing is unfinished.

        Nor anything that is not `held`, where that is given. Empty when there is none.
        """

        def is_settled(entry: Entry) -> bool:
            is_held = held is None or entry.item.id in held or not self._counts(entry)
            return is_held and not entry.is_open

        settled = list(takewhile(is_settled, self._history))
        told = self._told(settled[-1].item.id) if settled else []
        return told[-1].id if told else ""

    def count(self, until: str | None = None) -> int:
        """How many items the digest up to that one is made of."""
        return len(self._told(until))

    def digest(self, until: str | None = None, items: int | None = None) -> str:
        """Sixteen hex digits that agree when two ends hold the same words of the same items.

        Of what was said and heard, up to and including one item (empty when it is not
        here), and of so many items at most: the end with the narrower bounds, or the one
        that is ahead, has forgotten older ones.
        """
        if until is not None and until not in self._history:
            return ""
        gists = [_gist(item) for item in self._told(until)]
        if items is not None:
            gists = gists[max(0, len(gists) - items) :]
        return hashlib.sha256(msgspec.json.encode(gists)).hexdigest()[:16]

    def _told(self, until: str | None) -> list[Item]:
        """What was said and heard up to this item; of a call and its output both or neither."""
        entries = self._history.until(until)
        present = {entry.item.id for entry in entries}
        return [
            entry.item
            for entry in entries
            if isinstance(entry.item, Message | FunctionCall | FunctionCallOutput)
            and self._counts(entry)
            and present.issuperset(self._history.pair(entry.item.id))
        ]

    def _counts(self, entry: Entry) -> bool:
        match entry.item:
            case Message():
                return entry.is_heard and as_text(entry.item) is not None
            case FunctionCall() | FunctionCallOutput():
                return len(self._history.pair(entry.item.id)) > 1
            case _:
                return True

    # How it changes. Everything below says whether it did.

    def _name(self, conversation_id: str | None) -> bool:
        changed = bool(conversation_id) and conversation_id != self.id
        self.id = conversation_id or self.id
        return changed

    def _add(self, item: Item, previous_item_id: str | None) -> bool:
        """Servers repeat themselves, so a known item is an update and stays where it is.

        Without a predecessor it goes last: some servers never name one.
        """
        if item.id in self._history:
            return self._update(item)
        if not item.id or not self._fits(item):
            return False
        self._history.place(item, previous_item_id)
        return True

    def _update(self, item: Item) -> bool:
        entry = self._history.get(item.id)
        if entry is None:
            return False
        if entry.interrupted and isinstance(entry.item, Message):
            return False
        still_partial = entry.partial and not _is_final(item)
        return entry.put(keep_known(without_audio(item), entry.item), partial=still_partial)

    def _open_part(self, item_id: str, index: int, kind: str) -> bool:
        message = self._open_message(item_id)
        if message is None or index < len(message.content):
            return False
        return self._entry(item_id).put(with_words(message, index, "", kind), True)

    def _grow(self, item_id: str, index: int, delta: str | None, kind: str) -> bool:
        message = self._open_message(item_id)
        if message is None:
            return False
        words = words_at(message, index) + (delta or "")
        return self._entry(item_id).put(with_words(message, index, words, kind), True)

    def _settle(self, item_id: str, index: int, words: str, kind: str) -> bool:
        message = self._open_message(item_id)
        if message is None:
            return False
        return self._entry(item_id).put(with_words(message, index, words, kind), False)

    def _open_message(self, item_id: str) -> Message | None:
        """A message that still takes words."""
        entry = self._history.get(item_id)
        if entry is None or entry.interrupted or not isinstance(entry.item, Message):
            return None
        return entry.item

    def _argue(self, item_id: str, arguments: str) -> bool:
        entry = self._history.get(item_id)
        if entry is None or not isinstance(entry.item, FunctionCall):
            return False
        return entry.put(msgspec.structs.replace(entry.item, arguments=arguments))

    def _truncated(self, event: ConversationItemTruncated) -> bool:
        """Words known from our own `truncate` are kept when the server does not say."""
        entry = self._history.get(event.item_id)
        if entry is None or not isinstance(entry.item, Message):
            return False
        if event.heard_text is None and entry.interrupted:
            return False
        return self._interrupt(entry, event.content_index, event.heard_text or "")

    def _interrupt(self, entry: Entry, content_index: int, heard_text: str) -> bool:
        assert isinstance(entry.item, Message)
        entry.interrupted = True
        entry.put(cut(entry.item, content_index, heard_text))
        return True

    def _fits(self, item: Item) -> bool:
        return size(without_audio(item)) <= self._history.max_bytes

    def _entry(self, item_id: str) -> Entry:
        entry = self._history.get(item_id)
        if entry is None:
            raise RemoteProtocolError(f"item {item_id[:80]!r} is not in the conversation")
        return entry


def _is_final(item: Item) -> bool:
    """It comes with its words and will not get others."""
    if not isinstance(item, Message) or item.status == "in_progress":
        return False
    return any(part.words for part in item.content)


def _gist(item: Item) -> list[str]:
    """What makes two items the same to whoever reads the conversation.

    Not how it was said: what was spoken in one session is written text in the next.
    """
    match item:
        case Message():
            words = [part.words for part in item.content if part.words]
            return [item.id, item.type, item.role, *words]
        case FunctionCall():
            return [item.id, item.type, item.call_id, item.name, item.arguments]
        case FunctionCallOutput():
            return [item.id, item.type, item.call_id, item.output]
        case _:
            return [item.id, item.type]
