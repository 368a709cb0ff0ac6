"""The device's end of one WebRTC session: an offer out, an answer in, then samples and events.

The counterpart of `call.py`. It is prepared before it is needed and used once. Which
relay is called, and when, is decided in `link/`.
"""

import random
from collections.abc import Callable
from functools import partial

from aiortc import RTCDataChannel, RTCSessionDescription

from edgevoice.audio.gate import Gate
from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc import hardening, sdp
from edgevoice.webrtc.call import MALFORMED
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import Wishes, wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.peer import CHANNEL, Peer
from edgevoice.webrtc.uplink import Uplink, Wait

HOSTS = ("0.0.0.0", "::")
"""Whatever address leads to the relay, also after the network has changed."""


class Caller:
    """`offer` is ready after `prepare`. Nothing is sent before `accept`."""

    def __init__(
        self,
        codec: Codec,
        jitter: JitterBuffer,
        on_message: Callable[[str], None],
        wait: Wait,
    ) -> None:
        self.peer = Peer()
        self.jitter = jitter
        self.uplink: Uplink | None = None
        self.offer = ""
        self._codec = codec
        self._wait = wait
        self._announced: RTCDataChannel
        self._clock_start = random.getrandbits(32)
        self._theirs = Wishes(fec=True)
        self.peer.receiver = jitter
        self.peer.on_message = on_message

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
        """Without an announcement, if they know of it: usable a round trip earlier."""
        if not sdp.agrees_on_channel(answer):
            return self._announced
        self._announced.close()
        return self.peer.connection.createDataChannel(CHANNEL, negotiated=True, id=sdp.CHANNEL_ID)

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
        self.uplink.on("ended", partial(self.peer.end, "the uplink has stopped"))
        self.peer.rtp_transceiver.sender.replaceTrack(self.uplink)
