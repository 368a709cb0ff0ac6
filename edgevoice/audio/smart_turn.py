"""Does it sound as if the speaker has finished? Smart Turn v3.2 listens to the last words.

It hears how something is said rather than what: tone, pace, a word that is drawn out. To be
asked a little after the speaker has paused. Blocks for about 0.1 s; call it in a thread.
"""

from pathlib import Path

import numpy as np

from edgevoice.audio import inference, models
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.log_mel import log_mel

MODEL = "smart-turn-v3.2-cpu.onnx"
HEARS = 8 * CAPTURE_RATE_HZ
"""What went before does not count; where there is less, silence stands before it."""


class SmartTurn:
    """The loaded network. Several threads may ask at a time."""

    def __init__(self, models_dir: str | Path = "") -> None:
        self._session = inference.session(models.find(models_dir, MODEL))

    def finished(self, samples: Samples) -> float:
        """How likely the turn that ends with these samples is over, 0 to 1."""
        heard = np.zeros(HEARS, np.int16)
        last = samples[-HEARS:]
        heard[HEARS - len(last) :] = last
        (probability,) = self._session.run({"input_features": log_mel(heard)[None]})
        return float(probability.flat[0])
