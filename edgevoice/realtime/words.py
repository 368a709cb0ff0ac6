"""The words of a message: how they grow, settle and are cut. Pure functions.

Words arrive in pieces, late, twice, or not at all, and an interruption takes away
those nobody heard. Which event does what is `conversation.py`'s to know.
"""

import msgspec

from edgevoice.realtime.items import ContentPart, FunctionCall, Item, Message

LIMIT_PARTS = 16
"""Messages have one part, rarely two; an index is never a reason to allocate."""

_TEXT_TYPES = {"user": "input_text", "system": "input_text", "assistant": "output_text"}


def without_audio(item: Item) -> Item:
    """The same item without its samples: a conversation keeps words."""
    if not isinstance(item, Message) or not any(part.audio for part in item.content):
        return item
    parts = tuple(msgspec.structs.replace(part, audio=None) for part in item.content)
    return msgspec.structs.replace(item, content=parts)


def words_at(message: Message, index: int) -> str:
    return message.content[index].words if index < len(message.content) else ""


def with_words(message: Message, index: int, words: str, kind: str) -> Message:
    """The message saying this at that part, which is made (of type `kind`) if missing."""
    if index >= LIMIT_PARTS:
        return message
    missing = index + 1 - len(message.content)
    parts = list(message.content) + [ContentPart(kind)] * missing
    parts[index] = _saying(parts[index], words)
    return msgspec.structs.replace(message, content=tuple(parts))


def cut(message: Message, index: int, heard: str) -> Message:
    """The message as it was heard: interrupted in this part, with nothing after it."""
    kept = message.content[:index]
    part = tuple(_saying(part, heard) for part in message.content[index : index + 1])
    return msgspec.structs.replace(message, content=kept + part, status="incomplete")


def keep_known(new: Item, old: Item) -> Item:
    """The newer version of an item, with the words it lacks and the older one has."""
    match new, old:
        case Message(), Message():
            parts = [
                part if part.words else _saying(part, words_at(old, index))
                for index, part in enumerate(new.content)
            ]
            parts += old.content[len(parts) :]
            return msgspec.structs.replace(new, content=tuple(parts))
        case FunctionCall(arguments=""), FunctionCall():
            return msgspec.structs.replace(new, arguments=old.arguments)
        case _:
            return new


def as_text(message: Message) -> Message | None:
    """The message as `conversation.item.create` accepts it anywhere; None if it says nothing."""
    kind = _TEXT_TYPES.get(message.role)
    said = [part.words for part in message.content if part.words]
    if kind is None or not said:
        return None
    return Message(
        message.role, tuple(ContentPart(kind, text=text) for text in said), id=message.id
    )


def _saying(part: ContentPart, words: str) -> ContentPart:
    """Audio says by transcript, text by text."""
    if part.type.endswith("audio"):
        return msgspec.structs.replace(part, transcript=words or None)
    if part.type.endswith("text"):
        return msgspec.structs.replace(part, text=words)
    return part
