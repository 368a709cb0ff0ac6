"""The device's end of one WebRTC session: an offer out, an answer in, then samples and events.

The counterpart of `call.py`. It is prepared before it is needed and used once. Which
relay is called, and when, is decided in `link/`.
"""

from functools import partial

from aiortc import RTCDataChannel, RTCSessionDescription

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import hardening, sdp
from edgevoice.webrtc.call import MALFORMED
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.device_end import DeviceEnd
from edgevoice.webrtc.fmtp import Wishes, wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.peer import CHANNEL, Peer
from edgevoice.webrtc.uplink import Uplink, Wait

HOSTS = ("0.0.0.0", "::")
"""Whatever address leads to the relay, also after the network has changed."""


class Caller(DeviceEnd):
    """`offer` is ready after `prepare`. Nothing is sent before `accept`."""

    def __init__(self, codec: Codec, jitter: JitterBuffer, wait: Wait) -> None:
        self.peer = Peer()
        super().__init__(self.peer, codec, jitter, wait)
        self._announced: RTCDataChannel

    async def prepare(self, ours: Wishes) -> None:
        """Open the sockets and make the offer; on failure nothing is left open."""
        self.peer.connect()
        try:
            await self._make_offer(ours)
        except BaseException:
            await self.peer.close()
            raise

    async def _make_offer(self, ours: Wishes) -> None:
        connection = self.peer.connection
        self._announced = connection.createDataChannel(CHANNEL)
        hardening.bind_to(connection, HOSTS)
        await connection.setLocalDescription(await connection.createOffer())
        offer = sdp.without_addresses(connection.localDescription.sdp)
        offer = sdp.with_channel(sdp.prefer_voice(offer, ours))
        self.offer = sdp.with_first_timestamp(offer, self._clock_start)

    async def accept(self, answer: str, rtt_s: float | None = None) -> None:
        """Media starts in the background; its RTP clock starts where the offer said.

        `rtt_s` is what is known about the way there, from HTTP or an earlier session:
        the handshakes are timed by it until there is a measurement.
        Raises RemoteProtocolError when the answer cannot be used.
        """
        self._theirs = wishes(answer)
        description = RTCSessionDescription(sdp.admit_answer(answer), "answer")
        self.peer.use(self._channel(answer))
        hardening.expect_round_trip(self.peer.connection, rtt_s)
        token = hardening.rtp_clock_start.set(self._clock_start)
        try:
            await self.peer.connection.setRemoteDescription(description)
        except MALFORMED as error:
            raise RemoteProtocolError(f"the relay's answer cannot be used: {error!r}") from error
        finally:
            hardening.rtp_clock_start.reset(token)

    def _channel(self, answer: str) -> RTCDataChannel:
        """Without an announcement, if they know of it: one packet less that may get lost."""
        if not sdp.agrees_on_channel(answer):
            return self._announced
        self._announced.close()
        return self.peer.connection.createDataChannel(CHANNEL, negotiated=True, id=sdp.CHANNEL_ID)

    def _speak(self, uplink: Uplink) -> None:
        uplink.on("ended", partial(self.peer.end, "the uplink has stopped"))
        self.peer.rtp_transceiver.sender.replaceTrack(uplink)
