"""Items in order and within bounds, each with what is known of its words.

Which event changes what is `conversation.py`'s to know; here nothing is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Item, UnknownItem
from edgevoice.realtime.words import without_audio


@dataclass(slots=True)
class Entry:
    item: Item
    size: int
    partial: bool = False
    """Its words are still arriving."""
    interrupted: bool = False
    """It was cut to what was heard; no words are added any more."""
    doubted: bool = False
    """It was interrupted, and what was heard of it is not known here yet."""

    @property
    def is_heard(self) -> bool:
        """Nothing about it is going to change, and nothing in it went unheard."""
        return self.interrupted or not (self.is_open or self._status == "incomplete")

    @property
    def is_open(self) -> bool:
        """The other end may know more of it by now."""
        changing = self.partial or self.doubted or self._status == "in_progress"
        return changing and not self.interrupted

    @property
    def _status(self) -> str | None:
        return getattr(self.item, "status", None)

    def put(self, item: Item, partial: bool = False) -> bool:
        """The newer version; False when it is the same."""
        changed = item != self.item or partial != self.partial
        self.item, self.partial, self.size = item, partial, size(item)
        return changed


class History:
    """The oldest entries go first when a bound is passed, a call with its output."""

    def __init__(self, max_items: int, max_bytes: int) -> None:
        self.max_items = max_items
        self.max_bytes = max_bytes
        self._entries: dict[str, Entry] = {}
        self._order: list[str] = []

    def __iter__(self) -> Iterator[Entry]:
        """In the order of the conversation."""
        return (self._entries[item_id] for item_id in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._entries

    def get(self, item_id: str) -> Entry | None:
        return self._entries.get(item_id)

    def until(self, item_id: str | None) -> list[Entry]:
        """Those up to and including this one (None: all of them); none when it is not there."""
        entries = list(self)
        if item_id is None:
            return entries
        return entries[: self._order.index(item_id) + 1] if item_id in self else []

    def after(self, item_id: str) -> list[Entry]:
        """Those behind this one; all of them when it is not there."""
        return list(self)[len(self.until(item_id)) :]

    def copy(self) -> "History":
        """Of its own from now on."""
        other = History(self.max_items, self.max_bytes)
        other._entries = {item_id: replace(entry) for item_id, entry in self._entries.items()}
        other._order = list(self._order)
        return other

    @property
    def last_id(self) -> str:
        return self._order[-1] if self._order else ""

    @property
    def size_bytes(self) -> int:
        return sum(entry.size for entry in self._entries.values())

    def place(self, item: Item, previous_item_id: str | None) -> str | None:
        """After the other, at the front (`root`), else at the end; the id it now follows."""
        position = len(self._order)
        if previous_item_id == "root":
            position = 0
        elif previous_item_id in self._entries:
            position = self._order.index(previous_item_id) + 1
        kept = without_audio(item)
        self._entries[item.id] = Entry(kept, size(kept))
        self._order.insert(position, item.id)
        return self._order[position - 1] if position else None

    def remove(self, item_id: str) -> bool:
        if item_id not in self._entries:
            return False
        del self._entries[item_id]
        self._order.remove(item_id)
        return True

    def clear(self) -> None:
        self._entries.clear()
        self._order.clear()

    def shrink(self) -> None:
        while len(self) > self.max_items or self.size_bytes > self.max_bytes:
            for item_id in self.pair(self._order[0]):
                self.remove(item_id)

    def pair(self, item_id: str) -> list[str]:
        """The item, and where it is a call or an output, all that share its call id."""
        call_id = _call_id(self._entries[item_id].item)
        if not call_id:
            return [item_id]
        return [entry.item.id for entry in self if _call_id(entry.item) == call_id]


def size(item: Item) -> int:
    """Bytes as JSON."""
    return len(msgspec.json.encode(item.raw if isinstance(item, UnknownItem) else item))


def _call_id(item: Item) -> str:
    return item.call_id if isinstance(item, FunctionCall | FunctionCallOutput) else ""
