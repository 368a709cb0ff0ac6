"""Makes the loudspeaker as loud as the assistant would at a volume."""

from edgevoice.config import SpeakerConfig
from edgevoice.hardware.sound.mixer import Mixer, amplitude, make_mixer


class Loudness:
    def __init__(self, config: SpeakerConfig) -> None:
        self._mixer: Mixer | None = make_mixer(config)

    def set(self, percent: int) -> float:
        """The amplitude that is left to software. Blocks; AudioError says what to correct."""
        if self._mixer is None:
            return amplitude(percent)
        self._mixer.set(percent)
        return 1.0
