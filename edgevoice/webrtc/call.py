"""The relay's end of one session: an offer in, an answer out, then samples and events.

The client's addresses are never used: it is learned from where its checks come
from. What the samples and the events mean is the session's business.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from aiortc import RTCDataChannel, RTCSessionDescription
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.errors import LinkError, RemoteProtocolError
from edgevoice.webrtc import hardening, sdp
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import RECEIVED_BPS, Wishes, wishes
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from edgevoice.webrtc.paced_output import SPEAKING_RATE_HZ, PacedOutput
from edgevoice.webrtc.peer import CHANNEL, Peer
from edgevoice.webrtc.receiver import Receiver

log = logging.getLogger(__name__)

OPUS = Codec(
    encoder=partial(OpusEncoder, SPEAKING_RATE_HZ, bitrate_bps=RECEIVED_BPS, complexity=3),
    decoder=partial(OpusDecoder, CAPTURE_RATE_HZ),
)
"""Complexity 3 takes three quarters of the work of 5 at the same bit rate. No DTX: between answers
nothing is sent anyway, and within one the device would run dry."""

SILENCE_S = 3.5
"""Longer than the device's, which is the one to decide that a link is dead; short enough that a
vanished device's sockets are closed within 4 s."""

MALFORMED = (
    ValueError,
    AssertionError,
    LookupError,
    AttributeError,
    TypeError,
    ArithmeticError,
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)
"""What aiortc was seen to raise on 18,000 mutated offers, and its own exceptions."""


class Call:
    """answer() once, then run() until it is over. Callbacks are made from within run()."""

    def __init__(
        self,
        *,
        on_audio: Callable[[int, Samples], None],
        on_message: Callable[[str], None],
        on_open: Callable[[], None],
        on_closed: Callable[[str], None],
        media_host: str | None,
        codec: Codec | None = None,
        event_bytes: int = sdp.MAX_MESSAGE_BYTES,
        sdp_bytes: int = sdp.OFFER_BYTES,
    ) -> None:
        codec = codec or OPUS
        self._codec = codec
        self._on_audio = on_audio
        self._on_closed = on_closed
        self._media_host = media_host
        self._sdp_bytes = sdp_bytes
        self._peer = Peer(event_bytes, SILENCE_S)
        self._peer.on_open = on_open
        self._peer.on_message = on_message
        self._is_answered = False
        self._has_channel = False
        self._encoder = codec.encoder()
        self._wishes = Wishes(fec=True, bitrate_bps=RECEIVED_BPS, rate_hz=CAPTURE_RATE_HZ)
        self.output = PacedOutput(self._encoder, self._peer.post)
        self.receiver: Receiver
        """Counters of what was received, lost and concealed; once there was an offer."""

    async def answer(self, offer_sdp: str) -> str:
        """Raises RemoteProtocolError on a bad offer; nothing is left behind then."""
        offer = sdp.admit_offer(offer_sdp, self._sdp_bytes)
        self._heed(wishes(offer_sdp))
        self.receiver = Receiver(self._codec.decoder(), self._on_audio, sdp.first_timestamp(offer))
        self._peer.receiver = self.receiver
        self._peer.connect()
        try:
            answer = await self._negotiate(offer)
        except MALFORMED as error:
            await self._peer.close()
            raise RemoteProtocolError(f"the offer cannot be used: {error!r}"[:300]) from error
        except BaseException:
            await self._peer.close()
            raise
        self._is_answered = True
        return answer

    def _heed(self, theirs: Wishes) -> None:
        """Silence need not be sent to us by whoever would not send it to others either."""
        self._encoder.heed(theirs)
        self._wishes = replace(self._wishes, dtx=theirs.dtx)

    async def _negotiate(self, offer: str) -> str:
        connection = self._peer.connection
        connection.on("datachannel", self._on_channel)
        self._peer.rtp_transceiver.sender.replaceTrack(self.output)
        # Whoever offered begins the DTLS handshake: it knows of a path before us.
        offer = offer.replace("a=setup:actpass", "a=setup:active")
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        is_agreed = sdp.agrees_on_channel(offer)
        if is_agreed:
            self._use(connection.createDataChannel(CHANNEL, negotiated=True, id=sdp.CHANNEL_ID))
        if self._media_host:
            hardening.bind_to(connection, [self._media_host])
        await connection.setLocalDescription(await connection.createAnswer())
        answer: str = connection.localDescription.sdp
        if "a=candidate:" not in answer:
            where = self._media_host or "any address"
            raise LinkError(f"no media socket could be opened on {where}: check relay.media_host")
        answer = sdp.prefer_voice(answer, self._wishes)
        return sdp.with_channel(answer) if is_agreed else answer

    def send(self, text: str) -> None:
        """One event; kept until the channel opens."""
        self._peer.outbox.send(text)

    async def run(self) -> None:
        """Carry the session until it ends, whoever ends it."""
        assert self._is_answered, "answer() comes first"
        try:
            reason = await self._peer.run()
        finally:
            await self._peer.close()
        self._on_closed(reason)

    @property
    def lost(self) -> bool:
        """It ended because the way broke; nobody said goodbye."""
        return self._peer.lost

    async def close(self, reason: str = "hung up") -> None:
        """Hang up; run() returns."""
        self._peer.end(reason)
        if self._is_answered:
            await self._peer.close()

    def _on_channel(self, channel: RTCDataChannel) -> None:
        """Called by aiortc."""
        if channel.label != CHANNEL or self._has_channel:
            log.debug("a channel beside %s was ignored", CHANNEL)
        else:
            self._use(channel)

    def _use(self, channel: RTCDataChannel) -> None:
        self._has_channel = True
        self._peer.use(channel)
