"""May there be speech? The cheap evidence that wakes the wake-word models in a quiet room.

It has to err on one side only: what it misses is lost, what it lets through costs some
milliseconds. So any one of its witnesses suffices, and what is heard counts for a while.
"""

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.noise_floor import NoiseFloor
from edgevoice.audio.vad import WebRtcVad

MARGIN_DB = 6.0
"""So far above the floor a block of 80 ms is no longer the room: steady noise stays within
0.5 dB of its mean, and a voice as loud as the noise already adds 3 dB to webrtcvad's vote."""

HOLD_S = 2.0
"""Longer than any wake phrase: whatever part of it was noticed, all of it is heard."""

AGGRESSIVENESS = 2


class QuietGate:
    def __init__(self) -> None:
        self._vad = WebRtcVad(AGGRESSIVENESS)
        self._room = NoiseFloor()
        self._open_samples = 0

    def reset(self) -> None:
        """What comes next does not follow what came before: it is closed."""
        self._vad.reset()
        self._room.reset()
        self._open_samples = 0

    def hear(self, block: Samples) -> bool:
        """A block of whole frames, in order; whether there is, or just was, a sign of speech."""
        # Both hear every block, or neither would know the room.
        loud = self._room.hear(block) >= MARGIN_DB
        frames = block.reshape(-1, FRAME_SAMPLES)
        voiced = [self._vad.probability(frame) for frame in frames]
        if loud or any(voiced):
            self._open_samples = round(HOLD_S * CAPTURE_RATE_HZ)
        else:
            self._open_samples = max(0, self._open_samples - len(block))
        return self._open_samples > 0
