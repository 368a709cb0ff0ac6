"""Conversations that outlive their sessions, so that nobody has to tell them again.

A session takes one up with a claim of what its device knows, works on a copy that
takes the place of the one held, and leaves it here when it ends. In memory only,
each for its owner alone. No clock; `now` is an argument.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import Item, Message
from edgevoice.realtime.server_events import EdgevoiceConversation

MOST = 256
"""Conversations of 64 kB; the least recently used go first."""

MOST_OF_ONE = 8
"""Of one token: a device has one conversation, and must not push out everybody else's."""


@dataclass(slots=True)
class _Held:
    owner: str
    conversation: Conversation
    old_at: float | None = None
    """When to forget it; None while a session lives from it."""


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What a session begins with."""

    conversation: Conversation
    last_item_id: str = ""
    digest: str = ""
    """Of what both ends know, up to that item."""
    later: tuple[Item, ...] = ()
    """Behind that item: what the device may not have been told of."""

    @property
    def told(self) -> EdgevoiceConversation:
        return EdgevoiceConversation(
            conversation_id=self.conversation.id,
            last_item_id=self.last_item_id,
            digest=self.digest,
        )


class Conversations:
    def __init__(self, keep_s: float) -> None:
        """`keep_s` after the end of a session; 0: nothing is ever held."""
        self.keep_s = keep_s
        self._held: dict[str, _Held] = {}
        """In the order of their last use."""

    def __len__(self) -> int:
        return len(self._held)

    def take_up(self, owner: str, claim: ContextClaim | None, now: float) -> TakenUp | None:
        """What is held of the claimed conversation; None: nothing, or it is not the same.

        What is held stays as it is until `hold`: the call may yet come to nothing.
        """
        self.forget_old(now)
        held = self._held.get(claim.conversation_id) if claim else None
        if claim is None or held is None or held.owner != owner:
            return None
        known = held.conversation.copy()
        known.remove(known.unheard_ids())  # whoever would have finished it is gone
        if claim.item_id not in known.ids():
            last = known.settled_item_id()
            return TakenUp(known, last, known.digest(last) if last else "")
        if known.digest(claim.item_id, claim.items) != claim.digest:
            return None
        known.remove(_of_the_assistant(known.heard_items(claim.item_id)))
        return TakenUp(known, claim.item_id, claim.digest, known.heard_items(claim.item_id))

    def hold(self, owner: str, conversation: Conversation) -> None:
        """A session lives from it now, in place of any other that did."""
        if not self.keep_s:
            return
        self._held.pop(conversation.id, None)
        self._held[conversation.id] = _Held(owner, conversation)
        if Counter(held.owner for held in self._held.values())[owner] > MOST_OF_ONE:
            self._drop_oldest(owner)
        if len(self._held) > MOST:
            self._drop_oldest()

    def release(self, conversation: Conversation, now: float) -> None:
        """The session is over. Nothing happens if another has taken it up meanwhile."""
        held = self._held.get(conversation.id)
        if held is None or held.conversation is not conversation:
            return
        held.old_at = now + self.keep_s if conversation.heard_items() else now
        self.forget_old(now)

    def forget(self, owner: str) -> int:
        """All of this owner's, those that sessions live from as well; how many there were."""
        gone = [name for name, held in self._held.items() if held.owner == owner]
        for name in gone:
            del self._held[name]
        return len(gone)

    def forget_old(self, now: float) -> None:
        """Those whose time is over."""
        old = [
            conversation_id
            for conversation_id, held in self._held.items()
            if held.old_at is not None and held.old_at <= now
        ]
        for conversation_id in old:
            del self._held[conversation_id]

    def _drop_oldest(self, owner: str | None = None) -> None:
        oldest = (name for name, held in self._held.items() if owner in (None, held.owner))
        self._held.pop(next(oldest))


def _of_the_assistant(items: Iterable[Item]) -> list[str]:
    """Sound and events travel together: what the device does not know of, nobody heard."""
    return [item.id for item in items if isinstance(item, Message) and item.role == "assistant"]
