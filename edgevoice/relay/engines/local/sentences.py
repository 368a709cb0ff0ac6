"""Cuts text that arrives in pieces into sentences, as early as is safe.

A sentence is given out once the text after it shows that it is over: a full stop
may belong to "Dr." or "3.5". Joined together, the sentences are the text.
"""

import re

LONGEST = 220
"""Letters after which a sentence is cut at a comma: the voice takes a breath, and starts sooner."""

FIRST_CLAUSE = 30
"""Letters after which the first clause may be said before its sentence is there. A chat server
that writes 20 tokens a second takes a second and a half longer for a whole sentence."""

_END = re.compile(r"[.!?…]+[\"'”’)\]]*\s+|\n\s*")
_COMMA = re.compile(r"[,;:—–]\s+")
_ABBREVIATIONS = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "mt", "vs", "etc", "approx", "no", "fig"}
    | {"vol", "dept", "est", "e.g", "i.e", "a.m", "p.m", "u.s", "u.k"}
)
_LAST_WORD = re.compile(r"([\w.]+)[.]$")


class SentenceSplitter:
    """`push` pieces, then `finish`."""

    def __init__(self, *, eager: bool = False) -> None:
        """`eager`: the first clause is given out without waiting for the rest of its sentence."""
        self._text = ""
        self._eager = eager

    def push(self, piece: str) -> list[str]:
        """The sentences this piece completes, each with the space that follows it."""
        self._text += piece
        done = []
        while (end := self._find_end()) is not None:
            done.append(self._text[:end])
            self._text = self._text[end:]
        if not done and self._eager and (end := self._first_clause()):
            done.append(self._text[:end])
            self._text = self._text[end:]
        self._eager = self._eager and not done
        return [sentence for sentence in done if sentence.strip()]

    def finish(self) -> list[str]:
        """What is left, whole or not."""
        rest, self._text = self._text, ""
        return [rest] if rest.strip() else []

    def _find_end(self) -> int | None:
        for match in _END.finditer(self._text):
            if match.end() == len(self._text) and "\n" not in match[0]:
                break  # what follows decides
            if self._is_end(match):
                return match.end() if match.end() <= LONGEST else self._breath(match.end())
        return self._breath(len(self._text))

    def _is_end(self, match: re.Match[str]) -> bool:
        before, after = self._text[: match.start() + 1], self._text[match.end() :]
        if "\n" in match[0] or not before.endswith("."):
            return True
        word = _LAST_WORD.search(before)
        if word and (word[1].lower() in _ABBREVIATIONS or re.fullmatch(r"[A-Z]|\d{1,2}", word[1])):
            return False
        return not after[:1].islower()

    def _first_clause(self) -> int | None:
        """Where it ends; a sentence that is there as a whole is said in one breath."""
        if self._text.rstrip().endswith((".", "!", "?")):
            return None
        match = _COMMA.search(self._text, FIRST_CLAUSE)
        return match.end() if match else None

    def _breath(self, until: int) -> int | None:
        """A comma, or failing that a space, in a sentence that is too long to wait for."""
        if until <= LONGEST:
            return until if until < len(self._text) else None
        commas = [m.end() for m in _COMMA.finditer(self._text, LONGEST // 4, LONGEST)]
        if commas:
            return commas[-1]
        space = self._text.rfind(" ", LONGEST // 4, LONGEST)
        return space + 1 if space > 0 else LONGEST


def split(text: str) -> list[str]:
    """All sentences of a text that is complete."""
    splitter = SentenceSplitter()
    return splitter.push(text) + splitter.finish()
