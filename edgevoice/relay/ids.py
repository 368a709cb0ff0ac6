"""Names for events, items, responses, sessions and calls: unique and unguessable."""

import secrets
from collections.abc import Callable

NewId = Callable[[str], str]


def random_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(10)}"
