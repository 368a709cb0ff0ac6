"""The relays of the configuration, each with its token, in the order in which they are called."""

from dataclasses import replace

from edgevoice.config import LinkConfig
from edgevoice.daemon.credentials import read_token
from edgevoice.link.signalling import Signalling


def configured(link: LinkConfig) -> list[Signalling]:
    """CredentialError when a token is missing."""
    found = [Signalling(link, read_token(link.token_file))]
    for other in link.fallbacks:
        there = replace(
            link,
            url=other.url,
            token_file=other.token_file,
            ca_file=other.ca_file,
            model=other.model,
        )
        found.append(Signalling(there, read_token(other.token_file, is_first=False)))
    return found
