"""Text as a voice should read it. Numbers, times, units and dates the voice reads by itself."""

import re
import unicodedata

_RULES = (
    (re.compile(r"```.*?(?:```|$)", re.DOTALL), " "),
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\bhttps?://(?:www\.)?([\w.-]+)\S*"), r"\1"),
    (re.compile(r"^\s*(?:#{1,6}|[-*+•]|>)\s+", re.MULTILINE), ""),
    (re.compile(r"[*`~|]+|(?<!\w)_+|_+(?!\w)"), ""),
    (re.compile(r"\bedgevoice\b", re.IGNORECASE), "Edge Voice"),
)


def as_spoken(text: str) -> str:
    """Without markup, addresses' tails and pictures; may be empty."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    spoken = " ".join("".join(letter for letter in text if _is_spoken(letter)).split())
    return spoken if any(letter.isalnum() for letter in spoken) else ""


def _is_spoken(letter: str) -> bool:
    """Not emoji, and none of what changes how they look."""
    return letter in "°%$€£+=" or unicodedata.category(letter) not in (
        "So", "Sk", "Cf", "Cs", "Co", "Mn",
    )  # fmt: skip
