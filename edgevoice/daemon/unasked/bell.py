"""How ringing sounds: soft at first, then growing, and with the name of what rings where
somebody can say it. When it rings is the transceiver's decision."""

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.hardware.sound.sounds import load

RING = "ring"
SOFT = 0.15
"""-16 dB: it can be heard, and talked over."""
GROWS_S = 45.0
"""From silence to full; soft sleepers are awake before it is loud."""
SOFTENS_S = 0.3
CHIMES = 2
"""Before a name; somebody who is asleep does not need to hear it each time."""


class Bell:
    def __init__(self, playout: PlayoutBuffer) -> None:
        self._playout = playout
        self._kind = ""

    def ring(self, kind: str, softly: bool) -> None:
        if not self._kind:
            self._playout.mix(self._chime(kind), repeat=True, name=RING, loudness=SOFT)
        self._kind = kind
        if softly:
            self._playout.swell(RING, SOFT, SOFTENS_S)
        else:
            self._playout.swell(RING, 1.0, GROWS_S)

    def name(self, words: Samples) -> None:
        """Say it between the chimes, from the next one on; nothing where nothing rings."""
        if self._kind:
            chime = self._chime(self._kind)
            pause = np.zeros(self._playout.rate_hz // 2, np.int16)
            named = np.concatenate([*[chime] * CHIMES, words, pause])
            self._playout.exchange(RING, named)

    def stop(self) -> None:
        self._kind = ""
        self._playout.stop_sounds(RING)

    def _chime(self, kind: str) -> Samples:
        return load("alarm" if kind == "alarm" else "timer", self._playout.rate_hz)
