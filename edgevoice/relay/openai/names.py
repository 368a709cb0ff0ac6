"""Items have the same name here and at the server, except those it would not take. Pure.

OpenAI takes ids of 32 characters; a client of ours may choose longer ones.
"""

from typing import Any, TypeVar, overload

import msgspec

from edgevoice.realtime.items import Item, UnknownItem
from edgevoice.realtime.server_events import ServerEvent

LONGEST = 32
MOST = 256
"""More than a conversation has items; the oldest go first."""

AnyItem = TypeVar("AnyItem", bound=Item)


class Names:
    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._here: dict[str, str] = {}
        self._count = 0

    @overload
    def there(self, item_id: str) -> str: ...
    @overload
    def there(self, item_id: None) -> None: ...
    @overload
    def there(self, item_id: str | None) -> str | None: ...
    def there(self, item_id: str | None) -> str | None:
        """What the server calls it."""
        if item_id is None or len(item_id) <= LONGEST:
            return item_id
        if item_id not in self._there:
            self._name(item_id)
        return self._there[item_id]

    def outward(self, item: AnyItem) -> AnyItem:
        name = self.there(item.id)
        if name == item.id or isinstance(item, UnknownItem):
            return item
        renamed: Any = msgspec.structs.replace(item, id=name)  # type: ignore[type-var]
        return renamed  # type: ignore[no-any-return]

    def inward(self, event: ServerEvent) -> ServerEvent:
        """The server's event with our names."""
        if not self._here:
            return event
        changes: dict[str, Any] = {}
        for field in ("item_id", "previous_item_id"):
            name = getattr(event, field, None)
            if name in self._here:
                changes[field] = self._here[name]
        item = getattr(event, "item", None)
        if isinstance(item, msgspec.Struct) and getattr(item, "id", None) in self._here:
            named = self._here[getattr(item, "id", "")]
            changes["item"] = msgspec.structs.replace(item, id=named)
        if not changes:
            return event
        return msgspec.structs.replace(event, **changes)

    def _name(self, item_id: str) -> None:
        self._count += 1
        name = f"item_relay_{self._count}"
        self._there[item_id], self._here[name] = name, item_id
        if len(self._there) > MOST:
            oldest = next(iter(self._there))
            del self._here[self._there.pop(oldest)]
