"""What is remembered of a conversation, within a session and for a while after it.

While a session lives, this is the replica of the relay's conversation. After it,
the words that were said and heard are kept to seed the next session, in memory
only, until they are old.
"""

from edgevoice.config import ContextConfig
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import Message
from edgevoice.realtime.server_events import ServerEvent


class Memory:
    def __init__(self, context: ContextConfig) -> None:
        self._keep_s = context.keep_minutes * 60.0
        self._seeds: tuple[Message, ...] = ()
        self.conversation = Conversation(context.max_items, context.max_bytes)

    def begin(self) -> None:
        """A session begins."""
        self.conversation.clear()

    def remembered(self) -> tuple[Message, ...]:
        """What a session is to be told of the ones before, oldest first."""
        return self.conversation.text_items() or self._seeds

    def apply(self, event: ServerEvent) -> None:
        self.conversation.apply(event)

    def end(self, now: float) -> float | None:
        """The session is over; when to forget it, or None if there is nothing to forget.

        A session that broke before the relay repeated the seeds must not erase them.
        """
        self._seeds = self.conversation.text_items() or self._seeds
        return now + self._keep_s if self._seeds else None

    def forget(self) -> None:
        self._seeds = ()
        self.conversation.clear()
