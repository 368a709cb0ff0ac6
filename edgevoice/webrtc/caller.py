"""The device's end of one WebRTC session: an offer out, an answer in, then samples and events.

The counterpart of `call.py`. It is prepared before it is needed and used once. Which
relay is called, and when, is decided in `link/`.
"""

import random
from collections.abc import Callable
from functools import partial

from aiortc import RTCSessionDescription

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
        wait: Wait,
    ) -> None:
        self.peer = Peer()
        self.jitter = jitter
        self.uplink: Uplink | None = None
        self.offer = ""
        self._codec = codec
        self._wait = wait
        self._clock_start = random.getrandbits(32)
        self._theirs = Wishes(fec=True)
        self.peer.receiver = jitter
        self.on_open: Callable[[], None] = lambda: None
        self.on_message: Callable[[str], None] = lambda text: None

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
        self.peer.use(connection.createDataChannel(CHANNEL))
        hardening.bind_to(connection, HOSTS)
        await connection.setLocalDescription(await connection.createOffer())
        offer = sdp.without_addresses(connection.localDescription.sdp)
        self.offer = sdp.with_first_timestamp(sdp.prefer_voice(offer, ours), self._clock_start)

    async def accept(self, answer: str) -> None:
        """Media starts in the background; its RTP clock starts where the offer said.

        Raises RemoteProtocolError when the answer cannot be used.
        """
        self._theirs = wishes(answer)
        description = RTCSessionDescription(sdp.admit_answer(answer), "answer")
        token = hardening.rtp_clock_start.set(self._clock_start)
        try:
            await self.peer.connection.setRemoteDescription(description)
        except MALFORMED as error:
            raise RemoteProtocolError(f"the relay's answer cannot be used: {error!r}") from error
        finally:
            hardening.rtp_clock_start.reset(token)

    @property
    def hung_up(self) -> bool:
        """It ended because the other side said goodbye."""
        return self.peer.hung_up

    async def run(self) -> str:
        """Carry the session until it ends; why it did."""
        self.peer.on_open, self.peer.on_message = self.on_open, self.on_message
        return await self.peer.run()

    def send(self, text: str) -> None:
        """One event; kept until the channel opens."""
        self.peer.outbox.send(text)

    def end(self, reason: str) -> None:
        """Let `run` return."""
        self.peer.end(reason)

    async def close(self) -> None:
        self.stop_sending()
        await self.peer.close()

    def stop_sending(self) -> None:
        """Take nothing more from the gate."""
        if self.uplink is not None:
            self.uplink.stop()

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
