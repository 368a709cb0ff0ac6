"""What a relay is asked besides calls: its voice, and what the owner wants said here."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from edgevoice.errors import LinkError

SPEECH_PATH = "v1/audio/speech"
PATH = "v1/edgevoice/announcements"
SPEECH_S = 20.0
"""A small relay speaks half a minute of words in less."""
SPEECH_BYTES = 24_000 * 2 * 60
RATE_HZ = 24_000
LONGEST = 500
"""Letters of what is said at a time."""
MOST = 16


@dataclass(frozen=True, slots=True)
class Announced:
    text: str
    urgent: bool


class _One(msgspec.Struct):
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    urgent: bool = False


class _Told(msgspec.Struct):
    announcements: Annotated[list[_One], Meta(max_length=MOST)]


def speech_body(text: str) -> bytes:
    """As OpenAI's servers want it, too: the model is the relay's business."""
    wanted = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
    return msgspec.json.encode(wanted)


def read(body: bytes) -> list[Announced]:
    """LinkError for what is no such answer."""
    try:
        told = msgspec.json.decode(body, type=_Told)
    except (ValueError, RecursionError) as error:
        raise LinkError(
            f"the relay's announcements cannot be read ({error}): is it of the same version?"
        ) from error
    return [Announced(one.text, one.urgent) for one in told.announcements]
