"""Which words of a growing transcript will not change any more (LocalAgreement-2).

A word is settled once two successive hypotheses agree on it and on all before it.
The last word of a hypothesis never settles: its end may not have been said yet.
"""


class Agreement:
    def __init__(self) -> None:
        self._settled = 0
        self._before: list[str] = []

    def add(self, hypothesis: str) -> str:
        """The words this hypothesis settles, ready to be appended; empty when none."""
        words = hypothesis.split()
        agreed = self._settled
        for mine, before in zip(words[agreed:-1], self._before[agreed:], strict=False):
            if _bare(mine) != _bare(before):
                break
            agreed += 1
        new = words[self._settled : agreed]
        space = " " if self._settled and new else ""
        self._settled, self._before = agreed, words
        return space + " ".join(new)


def _bare(word: str) -> str:
    """Commas come and go while a sentence grows; the word is the same."""
    return "".join(letter for letter in word.lower() if letter.isalnum())
