"""The device's end of a session, whatever carries it: `Caller` (WebRTC) or `SocketCaller`.

How each comes to be open is its own affair.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

from edgevoice.audio.gate import Gate
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.line import Line
from edgevoice.webrtc.uplink import Uplink, Wait


class DeviceEnd(ABC):
    """Nothing is sent before `send_from`."""

    def __init__(self, line: Line, codec: Codec, jitter: JitterBuffer, wait: Wait) -> None:
        self.jitter = jitter
        self.uplink: Uplink | None = None
        """Once `send_from` was called."""
        self.offer = ""
        """What the relay is to be sent: SDP, or the value of the header Edgevoice-Media."""
        self.on_open: Callable[[], None] = lambda: None
        self.on_message: Callable[[str], None] = lambda text: None
        self.on_falter: Callable[[bool], None] = lambda falters: None
        """Nothing is heard for the moment; False: something is again."""
        self._line = line
        self._codec = codec
        self._wait = wait
        self._clock_start = random.getrandbits(32)
        self._theirs = Wishes(fec=True)
        line.receiver = jitter

    @property
    def hung_up(self) -> bool:
        """It ended because the other side said goodbye."""
        return self._line.hung_up

    async def run(self) -> str:
        """Carry the session until it ends; why it did."""
        self._line.on_open, self._line.on_message = self.on_open, self.on_message
        self._line.on_falter = self.on_falter
        return await self._line.run()

    def send(self, text: str) -> None:
        """One event; kept until events can be sent."""
        self._line.outbox.send(text)

    @property
    def pending_bytes(self) -> int:
        """Of events: said, and not yet on the wire."""
        return self._line.outbox.pending_bytes

    def send_from(
        self, gate: Gate, first_sample: int, on_first_sent: Callable[[int], None]
    ) -> None:
        """What the gate lets out is sent from now on; this sample is index 0 of it."""

        def first_sent(sample: int) -> None:
            self._line.post(partial(on_first_sent, sample))

        encoder = self._codec.encoder()
        encoder.heed(self._theirs)
        self.uplink = Uplink(gate, encoder, first_sample, first_sent, self._wait)
        self._speak(self.uplink)

    def hold(self, until: float) -> None:
        """Another link may take over before then: leave no gap behind, here or there.

        What has not been sent is not sent, and what comes behind a gap is not played.
        """
        if self.uplink is not None:
            self.uplink.hold(until)
        self.jitter.stop_at_gap(until)

    def go_back(self, sample: int) -> None:
        """Go on from there: what was sent behind it did not arrive."""
        if self.uplink is not None:
            self.uplink.go_back(sample)
        self.jitter.resume()

    def stop_sending(self) -> None:
        """Take nothing more from the gate."""
        if self.uplink is not None:
            self.uplink.stop()

    def end(self, reason: str) -> None:
        """Let `run` return."""
        self._line.end(reason)

    async def close(self) -> None:
        """Say goodbye and let go of the sockets, whatever state things are in."""
        self.stop_sending()
        await self._line.close()

    @abstractmethod
    def _speak(self, uplink: Uplink) -> None:
        """This is what is sent."""
