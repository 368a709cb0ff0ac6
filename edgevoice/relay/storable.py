"""What a client writes into the conversation, judged: items as they are kept, and their sound."""

import msgspec

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.resample import resample
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.items import ContentPart, FunctionCall, FunctionCallOutput, Item, Message
from edgevoice.realtime.session import AudioFormat
from edgevoice.relay.carrying.sound_format import decoded, rate_hz
from edgevoice.relay.ids import NewId
from edgevoice.relay.turns.turn_detector import MAX_TURN

MAX_ID_CHARS = 64
_WRITABLE = {"user": "input_text", "system": "input_text", "assistant": "output_text"}


def storable(item: Item, new_id: NewId) -> Item:
    """The item as the conversation keeps it; RemoteProtocolError for what we cannot use."""
    if not isinstance(item, Message | FunctionCall | FunctionCallOutput):
        raise RemoteProtocolError(f"item.type: items of type {item.type[:60]!r} are of no use here")
    if len(item.id) > MAX_ID_CHARS:
        raise RemoteProtocolError(f"item.id: longer than {MAX_ID_CHARS} characters")
    if isinstance(item, Message):
        item = msgspec.structs.replace(item, content=_content(item))
    return msgspec.structs.replace(
        item, id=item.id or new_id("item"), object="realtime.item", status="completed"
    )


def sound_in(item: Item, format: AudioFormat) -> Samples | None:
    """16 kHz, of a user's message that is sound and nobody has written down yet.

    RemoteProtocolError for sound that cannot be heard.
    """
    if not isinstance(item, Message) or item.role != "user":
        return None
    sounds = [part.audio for part in item.content if _is_sound(part)]
    if not sounds:
        return None
    if len(item.content) > 1:
        raise RemoteProtocolError("item.content: sound is the only part of its message")
    most_s, bytes_per_sample = MAX_TURN // CAPTURE_RATE_HZ, 2
    if len(sounds[0] or "") > most_s * rate_hz(format) * bytes_per_sample * 4 // 3 + 4:
        raise RemoteProtocolError(f"item.content: sound of more than {most_s} s")
    samples = decoded(format, sounds[0] or "")
    if not len(samples):
        raise RemoteProtocolError("item.content: no sound in it")
    return resample(samples, rate_hz(format), CAPTURE_RATE_HZ)


def _is_sound(part: ContentPart) -> bool:
    return part.type == "input_audio" and part.audio is not None and not part.transcript


def _content(message: Message) -> tuple[ContentPart, ...]:
    if message.role not in _WRITABLE or not message.content:
        raise RemoteProtocolError(
            "item: a message has a role (user, system, assistant) and content"
        )
    return tuple(_part(part, message.role) for part in message.content)


def _part(part: ContentPart, role: str) -> ContentPart:
    """Words are kept, whether written or transcribed; sound until they are known."""
    kind = _WRITABLE[role]
    if part.type in (kind, "text") and part.text is not None:
        return ContentPart(kind, part.text)
    if part.type in ("input_audio", "output_audio") and part.transcript:
        return ContentPart(part.type, transcript=part.transcript)
    if _is_sound(part) and role == "user":
        return ContentPart("input_audio", transcript="")
    if part.type == "input_image":
        raise RemoteProtocolError("item.content: nobody sees here; send no input_image")
    raise RemoteProtocolError(
        f"item.content: {part.type[:60]!r} without words; send {kind} with text, "
        "or audio with its transcript"
    )
