"""What becomes of the loudspeaker's sound in the microphone: the interface, and doing nothing.

Two outputs from one reference. The *linear* one only subtracts what it can predict
and leaves a voice as it was: wake word, VAD and barge-in listen to it. The *uplink*
one may suppress as well (AEC3), which sounds better and would erase wake words.

Pure arithmetic on samples; who plays what, and when, is `echo_reference.py`'s concern.
"""

from dataclasses import dataclass
from typing import Protocol

from edgevoice.audio.frames import Samples


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A captured frame without its echo; both arrays are as long as what was captured."""

    linear: Samples
    """For the device's own ears; no delay."""
    uplink: Samples
    """For the gate; `uplink_delay` samples later than what was captured."""


class EchoCanceller(Protocol):
    """Frames come in order; arrays handed in are not changed and not kept."""

    @property
    def uplink_delay(self) -> int:
        """Samples by which `uplink` lags; constant, whether or not something is played."""

    @property
    def echo_expected(self) -> bool:
        """The last frame may have held sound of our own, or the room's answer to it."""

    @property
    def erle_db(self) -> float | None:
        """Echo return loss enhancement of the linear output (ITU-T G.168), measured while
        sound is played and nobody speaks; None as long as nothing was played."""

    hears_voices: bool
    """A voice can be told from what is left of our own in what comes out."""

    sending: bool
    """What comes out is being sent: worth the cost of noise suppression, where wanted."""

    def process(self, captured: Samples, far: Samples) -> Cancelled:
        """One frame of 320 samples, and what was being played while it was captured."""

    def reset(self) -> None:
        """What comes next does not follow what came before; what was learnt of the room is kept."""


class NoCanceller:
    """Half duplex, headphones, or a card that cancels its echo by itself."""

    uplink_delay = 0
    echo_expected = False
    erle_db = None
    hears_voices = False

    def __init__(self) -> None:
        self.sending = False

    def process(self, captured: Samples, far: Samples) -> Cancelled:
        return Cancelled(captured, captured)

    def reset(self) -> None:
        pass
