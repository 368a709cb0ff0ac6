"""What a caller sent, on its way from HTTP to the session that answers it."""

from dataclasses import dataclass

from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.realtime.session import SessionPatch
from edgevoice.relay.access.callers import Caller
from edgevoice.relay.carrying.carrier import MakeCarrier
from edgevoice.relay.turns.wake_phrase import WakePhrase


@dataclass(frozen=True, slots=True)
class Offer:
    """What a caller sent, judged as far as HTTP can."""

    caller: Caller
    sdp: str
    """Where a WebSocket carries the call: its Edgevoice-Media header."""
    patch: SessionPatch
    wake: WakePhrase | None
    extensions: bool
    media_host: str | None
    resume: str = ""
    """The call that the caller wants to go on with."""
    standby: bool = False
    """The caller has not been woken yet."""
    context: ContextClaim | None = None
    """What the caller knows of a conversation before."""
    make_carrier: MakeCarrier | None = None
    """None: WebRTC."""
    sound_in_events: bool = False
    """The caller sends and hears sound by events."""
