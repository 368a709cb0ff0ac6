"""earshot, a VAD for the smallest boards: the only importer of `earshot`.

Written in Rust, with its weights inside: a sixth of Silero's work and nearly as good,
and no onnxruntime in memory.
"""

from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples, check_frame
from edgevoice.errors import ModelError

try:
    import earshot
except ImportError:
    earshot = None  # type: ignore[assignment]

WINDOW = 256


class EarshotVad:
    """Its windows are 16 ms; a frame says what the last window that it completed said."""

    def __init__(self) -> None:
        if earshot is None:
            raise ModelError(
                "vad.engine earshot needs the package earshot, which is not installed:"
                " pip install 'edgevoice[earshot]', or set vad.engine to silero or webrtc"
            )
        self._detector: Any = earshot.Detector()
        self._heard: Samples
        self.reset()

    def probability(self, frame: Samples) -> float:
        check_frame(frame)
        self._heard = np.concatenate((self._heard, frame))
        while len(self._heard) >= WINDOW:
            self._last = float(self._detector.predict_i16(self._heard[:WINDOW]))
            self._heard = self._heard[WINDOW:]
        return self._last

    def reset(self) -> None:
        self._detector.reset()
        self._heard = np.zeros(0, np.int16)
        self._last = 0.0
