"""How a call names the conversation that the device knows, for relays that know the header."""

from edgevoice.realtime.context_claim import HEADER, ContextClaim


def context_header(claim: ContextClaim | None) -> dict[str, str]:
    return {} if claim is None else {HEADER: claim.header}
