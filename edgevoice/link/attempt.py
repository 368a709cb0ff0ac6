"""One attempt to move a session over to a relay."""

from asyncio import Future
from dataclasses import dataclass, field

from edgevoice.webrtc.device_end import DeviceEnd


@dataclass
class Attempt:
    """One relay, by all transports that may lead to it."""

    index: int
    moved: Future[None]
    """Done when the session has moved to one of the lines."""
    lines: list[DeviceEnd] = field(default_factory=list)
