"""The relays of the configuration, each with its token, in the order in which they are called."""

from dataclasses import replace

from edgevoice.config import LinkConfig
from edgevoice.daemon.credentials import credential
from edgevoice.link.board_relay import BoardRelay
from edgevoice.link.direct import make_signalling
from edgevoice.link.relay import Relay
from edgevoice.link.signalling import Signalling


def configured(link: LinkConfig) -> list[Relay]:
    """CredentialError when a token is missing."""
    found: list[Relay] = [make_signalling(link, credential(link))]
    for other in link.fallbacks:
        there = replace(
            link,
            url=other.url,
            token_file=other.token_file,
            ca_file=other.ca_file,
            model=other.model,
            direct=False,
        )
        found.append(Signalling(there, credential(there, is_first=False)))
    if link.board_card:
        found.append(BoardRelay(link))
    return found
