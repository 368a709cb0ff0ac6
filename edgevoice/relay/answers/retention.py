"""How much of a conversation is read for the next answer: `session.truncation`. Pure.

A conversation is bounded anyway; this is for who pays by the token, or has a small model.
Tokens are estimated as everywhere here (`usage.py`).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.items import FunctionCallOutput, Item
from edgevoice.relay.answers import usage

Tokens = Annotated[int, Meta(ge=0, le=1_000_000)]


class TokenLimits(Struct, frozen=True):
    post_instructions: Tokens | None = None


class RetentionRatio(Struct, frozen=True, kw_only=True):
    """Beyond the limit only this share of it is kept, so that not every turn cuts anew."""

    type: Literal["retention_ratio"]
    retention_ratio: Annotated[float, Meta(ge=0.0, le=1.0)]
    token_limits: TokenLimits = TokenLimits()


def retention(truncation: object) -> RetentionRatio | None:
    """None: as much as there is. RemoteProtocolError for what is no truncation."""
    if truncation in ("auto", "disabled"):
        return None
    try:
        return msgspec.convert(truncation, RetentionRatio)
    except msgspec.ValidationError as error:
        raise RemoteProtocolError(
            f"session.truncation: auto, disabled or a retention_ratio: {error}"
        ) from None


def retained(items: tuple[Item, ...], truncation: object) -> tuple[Item, ...]:
    """The newest of them, as many as may be read; never what a tool returned without its call."""
    rule = retention(truncation)
    limit = None if rule is None else rule.token_limits.post_instructions
    sizes = [usage.tokens_of(item) for item in items]
    if rule is None or limit is None or sum(sizes) <= limit:
        return items
    kept, left = len(items), limit * rule.retention_ratio
    while kept and sizes[kept - 1] <= left:
        kept -= 1
        left -= sizes[kept]
    kept = min(kept, len(items) - 1)  # the question itself is always read
    while kept < len(items) - 1 and isinstance(items[kept], FunctionCallOutput):
        kept += 1
    return items[kept:]
