"""Takes the wake phrase off the beginning of a transcript.

The audio is known to begin with it, but recognisers spell it as they please:
"Alexis", "A lexa", "Hey, Jervis.", "my croft". Compared is how it sounds, roughly;
words that sound like something else stay.
"""

import re
from collections.abc import Iterator, Sequence

MOST_DIFFERENCE = 0.38
"""Share of the phrase's sounds that may be wrong: lets "Alexis" and "A. Jervis" pass."""
MOST_DIFFERENCE_OF_A_PART = 0.2
"""When its first word was not heard ("Jarvis"), the rest has to be clearer."""
EXTRA_WORDS = 3
"""A phrase may be heard as this many words more than it has: "a leg sup"."""
TIMES = 2
"""People who were not heard at once say it again."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SOUNDS = (
    (r"ph", "f"), (r"x", "ks"), (r"c(?=[eiy])", "s"), (r"ck|[cq]", "k"), (r"z", "s"),
    (r"wh", "w"), (r"oo|ou|u|w", "o"), (r"ee|ea|y", "i"), (r"ai|ay|ey|ei", "e"),
    (r"(?<=[aeio])h|h(?![aeio])", ""), (r"gh", "g"), (r"v", "f"), (r"d", "t"), (r"b", "p"),
    (r"(.)\1+", r"\1"),
)  # fmt: skip


def without_wake_phrase(text: str, wake_name: str | None) -> str:
    """What was said after the phrase; empty when nothing was. Unchanged if it is not there."""
    phrase = _words((wake_name or "").replace("_", " "))
    if not phrase:
        return text
    said = text
    for _ in range(TIMES):
        if end := _end_of_phrase(said, [word for word, _ in phrase]):
            said = said[end:].lstrip(" \t\n,.;:!?-–—…")
    return text if said == text else said[:1].upper() + said[1:]


def _end_of_phrase(text: str, phrase: list[str]) -> int:
    """Where the best match at the beginning ends; 0 when nothing is alike enough."""
    words = _words(text)[: len(phrase) + EXTRA_WORDS]
    best, end = 1.0, 0
    for count in range(1, len(words) + 1):
        heard = _sound("".join(word for word, _ in words[:count]))
        for skipped in range(len(phrase)):
            sound = _sound("".join(phrase[skipped:]))
            difference = distance(heard, sound) / len(sound)
            allowed = MOST_DIFFERENCE_OF_A_PART if skipped else MOST_DIFFERENCE
            if difference < min(best, allowed):
                best, end = difference, words[count - 1][1]
    return end


def _words(text: str) -> list[tuple[str, int]]:
    """Each word in lower case, and where it ends."""
    found: Iterator[re.Match[str]] = _WORD.finditer(text)
    return [(match[0].lower(), match.end()) for match in found]


def _sound(letters: str) -> str:
    """A rough key: letters that sound alike become one."""
    for pattern, sound in _SOUNDS:
        letters = re.sub(pattern, sound, letters)
    return letters or "?"


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Letters, or words, to add, drop or change to make one of the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            cost = min(row[j] + 1, row[j - 1] + 1, previous + (letter != wanted))
            previous, row[j] = row[j], cost
    return row[-1]
