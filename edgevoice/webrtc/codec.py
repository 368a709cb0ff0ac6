"""What a voice codec must be able to do. The Opus one is `opus.py`; no codec lives here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edgevoice.audio.frames import Samples
from edgevoice.webrtc.fmtp import Wishes


class Encoder(Protocol):
    def encode(self, frame: Samples) -> bytes:
        """One frame of 20 ms as a packet's payload."""

    def heed(self, wishes: Wishes) -> None:
        """What the other side said it wants to receive; before the first frame."""


class Decoder(Protocol):
    rate_hz: int

    def decode(self, packet: bytes) -> Samples:
        """The samples of a packet. Raises RemoteProtocolError when it is damaged."""

    def conceal(self, samples: int) -> Samples:
        """A likely continuation, for a packet that was lost."""

    def recover(self, next_packet: bytes, samples: int) -> Samples:
        """A lost packet's samples, from what the packet after it repeats of them."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Makes the two halves; each stream has its own, because they remember."""

    encoder: Callable[[], Encoder]
    decoder: Callable[[], Decoder]
