"""The device's end of one session over a WebSocket: what `Caller` is for WebRTC.

It needs no preparation, and is used once. Which relay is called, and when, is decided
in `link/`.
"""

import random
from collections.abc import Callable

from edgevoice.audio.gate import Gate
from edgevoice.webrtc import media_header
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.media_header import Media
from edgevoice.webrtc.socket_line import SocketLine, WebSocket
from edgevoice.webrtc.uplink import Uplink, Wait


class SocketCaller:
    """`offer` goes out with the upgrade request. Nothing is sent before `accept`."""

    def __init__(
        self,
        codec: Codec,
        jitter: JitterBuffer,
        on_message: Callable[[str], None],
        wait: Wait,
        ours: Wishes,
    ) -> None:
        self.peer = SocketLine()
        self.jitter = jitter
        self.uplink: Uplink | None = None
        self._codec = codec
        self._wait = wait
        self._clock_start = random.getrandbits(32)
        self._theirs = Wishes(fec=True)
        self.offer = Media(ours, self._clock_start).header()
        self.peer.receiver = jitter
        self.peer.on_message = on_message

    def accept(self, answer: str, socket: WebSocket) -> None:
        """The relay has taken the call; from here on the socket is ours to close.

        Raises RemoteProtocolError when the answer cannot be used.
        """
        self.peer.attach(socket)
        self._theirs = media_header.parse(answer).wishes

    def send_from(
        self, gate: Gate, first_sample: int, on_first_sent: Callable[[int], None]
    ) -> None:
        """What the gate lets out is sent from now on; this sample is index 0 of it."""
        encoder = self._codec.encoder()
        encoder.heed(self._theirs)
        post = self.peer.post
        self.uplink = Uplink(
            gate,
            encoder,
            first_sample,
            lambda sample: post(lambda: on_first_sent(sample)),
            self._wait,
        )
        self.peer.speak(self.uplink, self._clock_start)
