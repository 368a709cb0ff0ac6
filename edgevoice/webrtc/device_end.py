"""What a link needs of the device's end of a session, whatever carries it.

`Caller` carries it over WebRTC, `SocketCaller` over a WebSocket. How each comes to be open
is its own affair.
"""

from collections.abc import Callable
from typing import Protocol

from edgevoice.audio.gate import Gate
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.line import Line
from edgevoice.webrtc.uplink import Uplink


class DeviceEnd(Protocol):
    jitter: JitterBuffer
    uplink: Uplink | None
    """Once `send_from` was called."""
    offer: str
    """What the relay is to be sent: SDP, or the value of the header Edgevoice-Media."""

    @property
    def peer(self) -> Line:
        """Events, the end, and the way to close it."""

    def send_from(
        self, gate: Gate, first_sample: int, on_first_sent: Callable[[int], None]
    ) -> None:
        """What the gate lets out is sent from now on; this sample is index 0 of it."""
