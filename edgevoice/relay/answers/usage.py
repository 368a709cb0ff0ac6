"""Usage as clients of the Realtime API expect it, estimated: local engines bill nobody.

Sound is counted as OpenAI documents it (user 1 token per 100 ms, assistant 1 per
50 ms); text as one token per four characters, their own rule of thumb.
"""

from collections.abc import Sequence

from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Item, Message
from edgevoice.realtime.response import CachedTokens, InputTokens, OutputTokens, Usage


def text_tokens(text: str) -> int:
    return -(-len(text) // 4)


def tokens_of(item: Item) -> int:
    """Of an item that is read, spoken ones by their words."""
    return text_tokens(_words(item))


def of_speech(seconds: float) -> Usage:
    """Of a transcription."""
    return Usage(type="duration", seconds=round(seconds, 2))


def of_response(
    instructions: str, items: Sequence[Item], user_audio_ms: int, text: str, audio_ms: int
) -> Usage:
    read = text_tokens(instructions) + sum(tokens_of(item) for item in items)
    heard = user_audio_ms // 100
    written, spoken = text_tokens(text), audio_ms // 50
    return Usage(
        total_tokens=read + heard + written + spoken,
        input_tokens=read + heard,
        output_tokens=written + spoken,
        input_token_details=InputTokens(
            text_tokens=read,
            audio_tokens=heard,
            cached_tokens=0,
            cached_tokens_details=CachedTokens(text_tokens=0, audio_tokens=0),
        ),
        output_token_details=OutputTokens(text_tokens=written, audio_tokens=spoken),
    )


def _words(item: Item) -> str:
    match item:
        case Message():
            return "".join(part.words for part in item.content)
        case FunctionCall():
            return item.name + item.arguments
        case FunctionCallOutput():
            return item.output
    return ""
