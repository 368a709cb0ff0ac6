"""Saying what should be, in words that stand in a report."""

from edgevoice.errors import CheckFailed


def expect(is_so: bool, expected: str, came: object) -> None:
    if not is_so:
        raise CheckFailed(expected, shown(came))


def shown(came: object) -> str:
    text = came if isinstance(came, str) else repr(came)
    return text if len(text) <= 300 else text[:297] + "..."
