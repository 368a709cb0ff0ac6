"""The relays of the configuration, each with its token, in the order in which they are called."""

import asyncio
from dataclasses import replace
from typing import Any

from edgevoice.config import FallbackConfig, LinkConfig
from edgevoice.daemon.credentials import credential, has_credential
from edgevoice.link.board_relay import BoardRelay
from edgevoice.link.direct import make_signalling
from edgevoice.link.relay import Relay
from edgevoice.link.relay_link import ask_to_forget
from edgevoice.link.signalling import Signalling


def configured(link: LinkConfig) -> list[Relay]:
    """CredentialError when a token is missing."""
    found: list[Relay] = []
    if is_named(link) or not link.board_card:
        found.append(make_signalling(link, credential(link)))
    for other in link.fallbacks:
        there = fallback(link, other)
        found.append(Signalling(there, credential(there, is_first=False)))
    if link.board_card:
        found.append(BoardRelay(link))
    return found


def fallback(link: LinkConfig, other: FallbackConfig) -> LinkConfig:
    """What holds for the first relay holds there too, but for whose it is and how one gets in."""
    return replace(
        link,
        url=other.url,
        token_file=other.token_file,
        ca_file=other.ca_file,
        model=other.model,
        direct=False,
    )


def is_named(link: LinkConfig) -> bool:
    """Whether there is a relay to call besides the one on this board, which needs no naming."""
    return has_credential(link) or link.url != LinkConfig().url


def forgotten(link: LinkConfig) -> list[dict[str, Any]]:
    """Every relay is asked to forget what we said; without a running assistant. Blocking."""

    async def ask() -> list[dict[str, Any]]:
        told = []
        for relay in configured(link):
            async with relay:
                told.append(await ask_to_forget(relay))
        return [each for each in told if each]

    return asyncio.run(ask())
