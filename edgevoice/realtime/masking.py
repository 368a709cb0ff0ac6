"""Takes what was said out of events, so that they can be kept, and played all the same.

A transceiver asks of words whether there are any, how long they are and whether two are
the same, never what they say. Of everything but spaces and ASCII's marks as many `x` are left as it
has bytes; what is written twice is masked alike. A digest of a conversation would let a short one
be guessed: it becomes a name, and whoever plays a record finds out by the names which digest is
which.
"""

import re
from typing import Any

from edgevoice.realtime.items import KNOWN

WORDS = frozenset(
    {
        "arguments", "audio", "authorization", "delta", "direct_url", "error", "event",
        "heard_text", "image_url", "instructions", "keywords", "label", "message", "output",
        "prompt", "server_url", "text", "transcript", "url",
    }
)  # fmt: skip
"""Fields of inputs, actions and items that hold, where they are texts, what somebody said, or
what opens doors: an address may have a password in it."""
ANYTHING = frozenset({"headers", "metadata", "raw", "variables"})
"""Fields that may hold anything."""
LOGPROBS = "logprobs"
"""What was heard, spelled in numbers. Nobody here looks at them, so they are left out."""
_TELLING = re.compile(r"[A-Za-z0-9]+|[^\x00-\x7f\s]+")
"""Vowels of Hindi and Thai are marks and no letters, and an emoji may be all that was said."""
PLAIN = frozenset({"type", "id", "item_id", "response_id", "call_id", "event_id", "status", "role"})
"""Whatever it is: these only say which one."""


class Mask:
    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._digests: dict[str, str] = {}

    def mask(self, value: Any, key: str = "", *, everything: bool = False) -> Any:
        """JSON data without words. What is masked already stays as it is."""
        match value:
            case _ if key == LOGPROBS:
                return None
            case dict():
                strange = everything or (key == "item" and value.get("type") not in KNOWN)
                return {
                    name: self.mask(inner, name, everything=strange or name in ANYTHING)
                    for name, inner in value.items()
                }
            case list() if key in ("items", "output"):
                return [self.mask(inner, "item", everything=everything) for inner in value]
            case list():
                return [self.mask(inner, key, everything=everything) for inner in value]
            case str() if key == "digest" and value:
                return self._name(value)
            case str() if key in WORDS or (everything and key not in PLAIN):
                return masked(value)
        return value

    def _name(self, digest: str) -> str:
        if digest in self._digests:
            return digest
        name = self._names.setdefault(digest, f"digest-{len(self._digests) + 1}")
        self._digests[name] = digest
        return name

    def digest(self, name: str) -> str:
        """What has this name here; the name, if nothing has had it so far."""
        return self._digests.setdefault(name, name)


def masked(words: str) -> str:
    """As many bytes, and as many gaps between words."""
    return _TELLING.sub(lambda found: "x" * len(found[0].encode(errors="surrogatepass")), words)
