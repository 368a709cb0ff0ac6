"""One end of a WebRTC session: connection, event channel and arriving RTP.

aiortc calls us from its own tasks, so its callbacks only tell the line (`line.py`),
which does the rest. Used by the device's Caller and by the relay's Call.
"""

import asyncio
import logging
from functools import partial

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
)

from edgevoice.webrtc import hardening
from edgevoice.webrtc.line import CLOSE_S, OPEN_S, SILENCE_S, Line
from edgevoice.webrtc.sdp import MAX_MESSAGE_BYTES

log = logging.getLogger(__name__)

CHANNEL = "oai-events"

CONFIGURATION = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
"""An empty list, because None means Google's STUN server."""


class Peer(Line):
    UNOPENED = f"no media connection after {OPEN_S:.0f} s: is UDP blocked on the way?"

    def __init__(
        self, max_message_bytes: int = MAX_MESSAGE_BYTES, silence_s: float = SILENCE_S
    ) -> None:
        super().__init__(max_message_bytes, silence_s)
        self.connection: RTCPeerConnection
        self.rtp_transceiver: RTCRtpTransceiver

    def connect(self) -> None:
        """Make the connection object and its one audio transceiver; nothing is sent yet."""
        hardening.harden()
        self.connection = RTCPeerConnection(CONFIGURATION)
        self.rtp_transceiver = self.connection.addTransceiver("audio", direction="sendrecv")
        capabilities = RTCRtpSender.getCapabilities("audio")
        opus = [codec for codec in capabilities.codecs if codec.mimeType == "audio/opus"]
        self.rtp_transceiver.setCodecPreferences(opus)
        hardening.tap(self.rtp_transceiver.receiver, self._on_rtp)
        self.connection.on("connectionstatechange", self._on_state)

    def use(self, channel: RTCDataChannel) -> None:
        """Events travel on this channel; others are ignored."""
        channel.on("message", self._on_channel_message)
        channel.on("close", partial(self._on_gone, "the other side closed the event channel"))
        if channel.readyState == "open":
            self._on_channel(channel)
        else:
            channel.on("open", partial(self._on_channel, channel))

    @property
    def round_trip_s(self) -> float | None:
        """Of the line to the other side, as far as it is known yet."""
        return hardening.measured_round_trip(self.connection)

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await hardening.close(self.connection)
        except (TimeoutError, AttributeError, ConnectionError) as error:
            # aiortc raises AttributeError when it was given half a description.
            log.debug("closing a peer connection: %r", error)
        finally:
            hardening.let_go(self.connection)  # it may have been cut off, or we were cancelled
            for connection in hardening.ice_connections(self.connection):
                await connection.close()

    def _last_heard(self) -> float | None:
        return hardening.last_heard(self.connection)

    # Called by aiortc.

    def _on_channel_message(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._on_text(message)
        elif len(message) > self._max_message_bytes:
            self.end(f"message of {len(message)} bytes; at most {self._max_message_bytes} are read")
        else:
            log.debug("a binary message of %d bytes was dropped", len(message))

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self.post(partial(self._opened, channel))

    def _on_state(self) -> None:
        state = self.connection.connectionState
        if state == "closed":
            self._on_gone("the other side hung up")
        elif state == "failed":
            self.end("the media connection failed", lost=True)

    def _on_gone(self, reason: str) -> None:
        """DTLS or SCTP is closed: by a goodbye, or because ICE underneath gave up."""
        if hardening.is_abandoned(self.connection):
            self.end("the media connection failed", lost=True)
        else:
            self.end(reason, hung_up=True)
