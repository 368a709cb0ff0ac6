"""What a relay, or whoever is taken for one, answers a device."""

from edgevoice.errors import LinkError
from edgevoice.identity.pairing_code import authority_sha256
from edgevoice.link import announced
from edgevoice.link.complaint import complaint
from edgevoice.link.pairing import Begun, Standing, decoded, trusting


def contract(data: bytes) -> None:
    """LinkError, or what was asked for; and a complaint that a terminal may be shown."""
    said, code = complaint(data.decode(errors="replace"))
    assert said.isprintable()
    assert len(said) <= 200
    assert isinstance(code, str)
    try:
        found = announced.read(data)
    except LinkError:
        pass
    else:
        assert len(found) <= announced.MOST
        assert all(0 < len(one.text) <= announced.LONGEST for one in found)
    try:
        decoded(data, Standing, "https://relay.example")
    except LinkError:
        pass
    try:
        begun = decoded(data, Begun, "https://relay.example")
        authority_sha256(begun.authority)
        trusting(begun.authority, "")
    except (LinkError, ValueError):  # a ValueError of the one is a LinkError to the caller
        pass
