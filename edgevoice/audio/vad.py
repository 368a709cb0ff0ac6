"""Is there speech in this frame? Two answers: webrtcvad (nearly free) and Silero (right).

Both take frames of 20 ms. Where speech begins and ends is `endpointer.py`'s concern.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from edgevoice.audio import inference, models
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples

SILERO = "silero_vad_16k_op15.onnx"
SILERO_WINDOW = 512
SILERO_CONTEXT = 64
"""Silero looks at windows of 32 ms, each preceded by the last 4 ms of the one before."""


class Vad(Protocol):
    def probability(self, frame: Samples) -> float:
        """How likely this frame of 320 samples is speech, 0 to 1. Frames come in order."""

    def reset(self) -> None:
        """What comes next does not follow what came before."""


class WebRtcVad:
    """Google's detector: 0.02 % of a core, yes or no, and easily fooled by a kitchen."""

    def __init__(self, mode: int = 2) -> None:
        self._mode = mode
        self.reset()

    def probability(self, frame: Samples) -> float:
        _check(frame)
        return float(self._vad.is_speech(frame.tobytes(), CAPTURE_RATE_HZ))

    def reset(self) -> None:
        self._vad = webrtcvad.Vad(self._mode)


class SileroVad:
    """Silero v6 on onnxruntime: about 1 % of a core, and still right in a kitchen.

    Its windows are longer than our frames; a frame that completes none repeats the
    last probability. The delay this adds is 20 ms at most.
    """

    def __init__(self, models_dir: str | Path = "") -> None:
        self._session = inference.session(models.find(models_dir, SILERO))
        self._rate = np.array(CAPTURE_RATE_HZ, np.int64)
        self._state: NDArray[np.float32]
        self._heard: NDArray[np.float32]
        self.reset()

    def probability(self, frame: Samples) -> float:
        _check(frame)
        self._heard = np.concatenate((self._heard, frame.astype(np.float32) / 32768))
        while len(self._heard) >= SILERO_CONTEXT + SILERO_WINDOW:
            self._last = self._judge(self._heard[: SILERO_CONTEXT + SILERO_WINDOW])
            self._heard = self._heard[SILERO_WINDOW:]
        return self._last

    def reset(self) -> None:
        self._state = np.zeros((2, 1, 128), np.float32)
        self._heard = np.zeros(SILERO_CONTEXT, np.float32)
        self._last = 0.0

    def _judge(self, window: NDArray[np.float32]) -> float:
        probability, self._state = self._session.run(
            {"input": window[None], "state": self._state, "sr": self._rate}
        )
        return float(probability[0, 0])


def _check(frame: Samples) -> None:
    if frame.dtype != np.int16 or frame.shape != (FRAME_SAMPLES,):
        raise ValueError(
            f"a frame of {FRAME_SAMPLES} int16 samples wanted, got {frame.dtype}{frame.shape}"
        )
