"""The relay's end of one session over a WebSocket: what `Call` is for WebRTC.

The request says in a header what SDP would; the WebSocket follows once the call has been
taken. What the samples and the events mean is the session's business.
"""

from collections.abc import Callable
from dataclasses import replace

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.webrtc import media_header
from edgevoice.webrtc.call import OPUS, SILENCE_S
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import RECEIVED_BPS, Wishes
from edgevoice.webrtc.media_header import Media
from edgevoice.webrtc.paced_output import PacedOutput
from edgevoice.webrtc.receiver import Receiver
from edgevoice.webrtc.sdp import MAX_MESSAGE_BYTES
from edgevoice.webrtc.socket_line import SocketLine, WebSocket

OURS = Wishes(fec=True, bitrate_bps=RECEIVED_BPS, rate_hz=CAPTURE_RATE_HZ)


class SocketCall:
    """answer() once, attach(), run() until it is over. Callbacks are made from within run()."""

    def __init__(
        self,
        *,
        on_audio: Callable[[int, Samples], None],
        on_message: Callable[[str], None],
        on_open: Callable[[], None],
        on_closed: Callable[[str], None],
        codec: Codec | None = None,
        event_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        self._codec = codec or OPUS
        self._on_audio = on_audio
        self._on_closed = on_closed
        self._line = SocketLine(event_bytes, SILENCE_S)
        self._line.on_open = on_open
        self._line.on_message = on_message
        self._encoder = self._codec.encoder()
        self.output = PacedOutput(self._encoder, self._line.post)
        self.receiver: Receiver
        """Counters of what was received; once there was an offer."""

    def answer(self, offer: str) -> str:
        """From the request's Edgevoice-Media to the response's.

        Raises RemoteProtocolError on a bad offer.
        """
        theirs = media_header.parse(offer)
        self._encoder.heed(theirs.wishes)
        decoder = self._codec.decoder()
        self.receiver = Receiver(decoder, self._on_audio, theirs.first_timestamp)
        self._line.receiver = self.receiver
        self._line.speak(self.output, clock_start=0)
        # As with WebRTC: silence need not be sent to us by whoever would not send it to others.
        return Media(replace(OURS, dtx=theirs.wishes.dtx)).header()

    def attach(self, socket: WebSocket) -> None:
        """The upgrade is done."""
        self._line.attach(socket)

    async def left(self) -> None:
        """Until the WebSocket may be let go of."""
        await self._line.left()

    @property
    def lost(self) -> bool:
        """It ended because the way broke; nobody said goodbye."""
        return self._line.lost

    def send(self, text: str) -> None:
        """One event; kept until the WebSocket is there."""
        self._line.outbox.send(text)

    async def run(self) -> None:
        """Carry the session until it ends, whoever ends it."""
        try:
            reason = await self._line.run()
        finally:
            await self._line.close()
        self._on_closed(reason)

    async def close(self, reason: str = "hung up") -> None:
        """Hang up; run() returns."""
        self._line.end(reason)
        await self._line.close()
