"""The device's end of one session over a WebSocket: what `Caller` is for WebRTC.

It needs no preparation, and is used once. Which relay is called, and when, is decided
in `link/`.
"""

from edgevoice.webrtc import media_header
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.device_end import DeviceEnd
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.media_header import Media
from edgevoice.webrtc.socket_line import SocketLine, WebSocket
from edgevoice.webrtc.uplink import Uplink, Wait


class SocketCaller(DeviceEnd):
    """`offer` goes out with the upgrade request. Nothing is sent before `accept`."""

    def __init__(self, codec: Codec, jitter: JitterBuffer, wait: Wait, ours: Wishes) -> None:
        self.peer = SocketLine()
        super().__init__(self.peer, codec, jitter, wait)
        self.offer = Media(ours, self._clock_start).header()

    def accept(self, answer: str, socket: WebSocket) -> None:
        """The relay has taken the call; from here on the socket is ours to close.

        Raises RemoteProtocolError when the answer cannot be used.
        """
        self.peer.attach(socket)
        self._theirs = media_header.parse(answer).wishes

    def _speak(self, uplink: Uplink) -> None:
        self.peer.speak(uplink, self._clock_start)
