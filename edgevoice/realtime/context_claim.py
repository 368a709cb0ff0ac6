"""What a device says it knows of a conversation, as the header of a call has it.

Written by the device, read by the relay. What either makes of it lives elsewhere.
"""

import re
from dataclasses import dataclass

from edgevoice.errors import RemoteProtocolError

HEADER = "Edgevoice-Conversation"

MOST_ITEMS = 32
"""That many items with random ids and equal words are no accident; more would only make
it likelier that one end has forgotten the oldest."""

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_VALUE = re.compile(
    rf"({_ID.pattern})@({_ID.pattern});digest=([0-9a-f]{{16}});items=([1-9][0-9]{{0,4}})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ContextClaim:
    """The conversation as far as the device is sure of it."""

    conversation_id: str
    item_id: str
    """The last item that was said and heard."""
    digest: str
    """Of the last `items` items up to it; see `Conversation.digest`."""
    items: int

    @property
    def is_sendable(self) -> bool:
        """Other servers may name things in ways that fit no header."""
        return all(_ID.fullmatch(name) for name in (self.conversation_id, self.item_id))

    @property
    def header(self) -> str:
        return f"{self.conversation_id}@{self.item_id};digest={self.digest};items={self.items}"


def parse_header(value: str) -> ContextClaim:
    """The header's value as the claim; RemoteProtocolError when it is none."""
    match = _VALUE.fullmatch(value.strip())
    if match is None:
        raise RemoteProtocolError(
            f"{HEADER} must read CONVERSATION@ITEM;digest=SIXTEEN_HEX_DIGITS;items=COUNT"
        )
    conversation_id, item_id, digest, items = match.groups()
    return ContextClaim(conversation_id, item_id, digest, int(items))
