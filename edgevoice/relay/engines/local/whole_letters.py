"""Text as servers stream it, which JSON may cut in the middle of a letter. Pure.

JSON writes an emoji as two halves (RFC 8259, section 7), and servers that stream token by token
may send them in two messages. Half a letter is no UTF-8: nothing with one in it can be sent.
"""

import codecs

CODE = "utf-16-le"
"""Where the halves are what they are in JSON."""


class WholeLetters:
    """Pieces in, whole letters out: a first half waits for the second one."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder(CODE)("replace")

    def push(self, text: str) -> str:
        return self._decoder.decode(text.encode(CODE, "surrogatepass"))


def whole(text: str) -> str:
    """All of a text; of a half that stands alone there is a replacement character."""
    return text.encode(CODE, "surrogatepass").decode(CODE, "replace")
