"""What is remembered of a conversation, within a session and for a while after it.

This is the replica of the relay's conversation. It outlives the session until it is
old: the next relay is told what it lacks, which is nothing where it still holds the
conversation itself.

Rule 1: only words that were said and heard are ever told, as text.
Rule 2: what a call before has left unfinished is given up once the next relay greets:
nobody is left to finish it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from edgevoice.config import ContextConfig
from edgevoice.realtime.client_events import ConversationItemCreate
from edgevoice.realtime.context_claim import MOST_ITEMS, ContextClaim
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import Item, Message
from edgevoice.realtime.server_events import (
    ConversationItemAdded,
    ConversationItemCreated,
    EdgevoiceConversation,
    ServerEvent,
    SessionCreated,
)
from edgevoice.realtime.wire import encode


@dataclass(frozen=True, slots=True)
class ContextCounters:
    """What relays were told of earlier sessions, and what they need not be told."""

    sent_items: int = 0
    sent_bytes: int = 0
    saved_items: int = 0
    saved_bytes: int = 0

    def __add__(self, other: "ContextCounters") -> "ContextCounters":
        return ContextCounters(
            self.sent_items + other.sent_items,
            self.sent_bytes + other.sent_bytes,
            self.saved_items + other.saved_items,
            self.saved_bytes + other.saved_bytes,
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What outlives the program: the words that were said and heard, tools' calls included."""

    conversation_id: str
    """As the relay named it; empty: no relay of ours holds it."""
    held_item_id: str
    """The last item that the relay held for certain."""
    items: tuple[Item, ...]
    forget_at: float | None = None
    """On the clock of `now`; None while a session lives."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What a relay is to be told, to be put behind `previous_item_id`."""

    previous_item_id: str = "root"
    items: tuple[Message, ...] = ()


class Memory:
    def __init__(self, context: ContextConfig, remembered: Remembered | None = None) -> None:
        self.conversation = Conversation(context.max_items, context.max_bytes)
        self.session = ContextCounters()
        """Of the session at hand, or of the last one."""
        self.total = ContextCounters()
        self.version = 0
        """Grows with every change."""
        self.forget_at: float | None = None
        """When it will be old; None while a session lives, or with nothing to forget."""
        self._keep_s = context.keep_minutes * 60.0
        self._held_as = ""
        """What the last relay of ours calls the conversation."""
        self._held: frozenset[str] = frozenset()
        """The items that it has, as it said itself."""
        self._is_ours = False
        """The relay of this session is an edgevoice relay."""
        self._before: frozenset[str] = frozenset()
        """Items of earlier calls: known when the relay at hand began its session."""
        self._claim: ContextClaim | None = None
        self._unconfirmed: dict[str, Message] = {}
        """Seeds that the relay has not repeated yet."""
        if remembered is not None:
            self._restore(remembered)

    def _restore(self, remembered: Remembered) -> None:
        self._held_as, self.forget_at = remembered.conversation_id, remembered.forget_at
        for item in remembered.items:
            self.conversation.apply(ConversationItemAdded(item=item))
        self._held = self.conversation.ids(remembered.held_item_id)

    @property
    def remembered(self) -> Remembered | None:
        """What is worth keeping; None: nothing."""
        items = self.conversation.told_items()
        held = self.conversation.settled_item_id(self._held)
        return Remembered(self._held_as, held, items, self.forget_at) if items else None

    @property
    def is_untouched(self) -> bool:
        """It holds what it was restored from, or nothing."""
        return self.version == 0

    @property
    def is_empty(self) -> bool:
        """It holds nothing by which it would differ from a new one."""
        nothing = not (self.conversation.items or self._unconfirmed or self._before)
        return nothing and not (self._held_as or self._held or self._claim or self._is_ours)

    def status(self) -> dict[str, Any]:
        """For the owner to look at: how much, never what."""
        return {
            "items": len(self.conversation.items),
            "bytes": self.conversation.size_bytes,
            "session": asdict(self.session),
            "total": asdict(self.total),
        }

    def begin(self) -> ContextClaim | None:
        """A session begins; what is known of the ones before."""
        self.session = ContextCounters()
        self.forget_at = None
        return self.claim()

    def claim(self) -> ContextClaim | None:
        """A relay is about to be called: what it may hold already, as far as it is certain.

        Also when it is called again because the link broke, any number of times; if it
        then goes on with the session after all, nothing more is to be done.
        """
        known, self._claim = self.conversation, None
        settled = known.settled_item_id(self._held)
        if self._held_as and settled:
            count = min(MOST_ITEMS, known.count(settled))
            claim = ContextClaim(self._held_as, settled, known.digest(settled, count), count)
            self._claim = claim if claim.is_sendable else None
        return self._claim

    def greeted_by_ours(self, held: EdgevoiceConversation) -> Missing:
        """An edgevoice relay says what it holds; what it is to be told."""
        prefix = held.last_item_id if self._is_known(held) else ""
        self._give_up_calls(prefix)
        since = self.conversation.ids() - self._before
        self._held = since | self.conversation.ids(prefix)
        self._held_as = self.conversation.id = held.conversation_id
        return self._missing(prefix)

    def greeted_by_other(self) -> Missing:
        """A relay without our extensions is told everything."""
        return self._missing("")

    def _is_known(self, held: EdgevoiceConversation) -> bool:
        """It holds the beginning of what we know, and it is the same to the letter."""
        if held.conversation_id != self._held_as or held.last_item_id not in self._before:
            return False
        claim = self._claim
        if claim is not None and (claim.item_id, claim.digest) == (held.last_item_id, held.digest):
            return True
        return self.conversation.digest(held.last_item_id) == held.digest

    def _give_up_calls(self, prefix: str) -> None:
        """Only words are told: a relay that does not know of tools' calls never will."""
        known = self.conversation
        behind = {item.id for item in known.heard_items(prefix)}
        words = {message.id for message in known.text_items(prefix)}
        known.remove(self._before & (behind - words))

    def _missing(self, prefix: str) -> Missing:
        known = self.conversation
        known.remove(self._before.intersection(known.unheard_ids()))
        every = [item for item in known.text_items() if item.id in self._before]
        behind = {item.id for item in known.text_items(prefix)}
        missing = tuple(item for item in every if item.id in behind)
        sent, all_of_it = _bytes(missing), _bytes(every)
        counted = ContextCounters(len(missing), sent, len(every) - len(missing), all_of_it - sent)
        self.session, self.total = self.session + counted, self.total + counted
        self._unconfirmed = {item.id: item for item in missing}
        self.version += 1
        return Missing(prefix or "root", missing)

    def apply(self, event: ServerEvent) -> None:
        match event:
            case SessionCreated():
                self._before, self._is_ours = self.conversation.ids(), False
            case EdgevoiceConversation():
                self._is_ours = True
            case ConversationItemAdded() | ConversationItemCreated():
                self._add(event)
            case _:
                self.version += self.conversation.apply(event)

    def _add(self, event: ConversationItemAdded | ConversationItemCreated) -> None:
        self._confirm(event.item)
        self.conversation.apply(event)
        self.version += 1
        if self._is_ours:
            self._held = (self._held | {event.item.id}) & self.conversation.ids()

    def _confirm(self, item: Item) -> None:
        """A seed as the relay repeats it; some relays give it an id of their own."""
        if self._unconfirmed.pop(item.id, None) is not None or not isinstance(item, Message):
            return
        twins = (seed for seed in self._unconfirmed.values() if _is_twin(seed, item))
        twin = next(twins, None)
        if twin is not None:
            del self._unconfirmed[twin.id]
            self.conversation.remove([twin.id])

    def doubt(self, item_ids: Iterable[str]) -> None:
        """They were interrupted, and only the relay can say after which words."""
        for item_id in item_ids:
            self.conversation.doubt(item_id)
            self.version += 1

    def end(self, now: float) -> float | None:
        """The session is over; when to forget it, or None if there is nothing to forget."""
        self._is_ours = False
        if not self.conversation.items:
            self.forget()
            return None
        self.forget_at = now + self._keep_s
        self.version += 1
        return self.forget_at

    def forget(self) -> None:
        self.conversation.clear()
        self._held_as, self._claim, self.forget_at = "", None, None
        self._held = self._before = frozenset()
        self._unconfirmed.clear()
        self.version += 1


def _is_twin(seed: Message, item: Message) -> bool:
    """Written, not spoken: a user may say the same again."""
    return (seed.role, seed.content) == (item.role, item.content)


def _bytes(items: Iterable[Message]) -> int:
    """As the events that tell them."""
    return sum(len(encode(ConversationItemCreate(item=item)).encode()) for item in items)
