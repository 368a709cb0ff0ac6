"""Ways of saying a thing, written so that they can be read.

    Pattern("(turn|switch) on [the] <name>", "let there be <name>")

`[..]` may be left out, `(a|b)` is one of them, `<name>` is one or more words and
`<name?>` may be none. A pattern matches all the words or none of them.
"""

import re

_TOKEN = re.compile(r"<(\w+)(\??)>|([\[\]()|])|([^\s\[\]()|<>]+)")
_BRACKETS = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|"}


class Pattern:
    def __init__(self, *ways: str) -> None:
        self._ways = [re.compile(_expression(way)) for way in ways]

    def match(self, text: str) -> dict[str, str] | None:
        """What stands for each `<name>`; empty for those that were left out."""
        for way in self._ways:
            if found := way.fullmatch(f"{text} "):
                return {name: (words or "").strip() for name, words in found.groupdict().items()}
        return None

    def matches(self, text: str) -> bool:
        return self.match(text) is not None


def _expression(way: str) -> str:
    """Every word takes the space after it along, so there is one between any two."""
    parts = []
    for name, optional, bracket, word in _TOKEN.findall(way):
        if name:
            parts.append(rf"(?P<{name}>(?:\S+ ){'*' if optional else '+'}?)")
        else:
            parts.append(_BRACKETS[bracket] if bracket else re.escape(word) + " ")
    return "".join(parts)
