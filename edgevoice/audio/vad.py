"""Is there speech in this frame? webrtcvad (nearly free) asks first, Silero or earshot decides.

All take frames of 20 ms. Where speech begins and ends is `endpointer.py`'s concern.
"""

from collections import deque
from pathlib import Path
from typing import Protocol

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from edgevoice.audio import models
from edgevoice.audio.endpointer import HYSTERESIS
from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples, check_frame
from edgevoice.audio.noise_floor import NoiseFloor
from edgevoice.config import VadConfig

SILERO = "silero_vad_16k_op15.onnx"
SILERO_WINDOW = 512
SILERO_CONTEXT = 64
"""Silero looks at windows of 32 ms, each preceded by the last 4 ms of the one before."""


class Vad(Protocol):
    def probability(self, frame: Samples) -> float:
        """How likely this frame of 320 samples is speech, 0 to 1. Frames come in order."""

    def reset(self) -> None:
        """What comes next does not follow what came before."""


def make_vad(config: VadConfig, models_dir: str | Path = "") -> Vad:
    """The device's VAD; ModelError says what is missing for it."""
    first = WebRtcVad(config.aggressiveness)
    goes_on = config.threshold - HYSTERESIS
    match config.engine:
        case "webrtc":
            return AboveNoise(first)
        case "earshot":
            from edgevoice.audio.earshot_vad import EarshotVad  # an extra, not on every board

            return GatedVad(first, AboveNoise(EarshotVad()), goes_on)
        case "silero":
            return GatedVad(first, SileroVad(models_dir), goes_on)


class WebRtcVad:
    """Google's detector: 0.02 % of a core, yes or no, and easily fooled by a kitchen."""

    def __init__(self, mode: int = 2) -> None:
        self._mode = mode
        self.reset()

    def probability(self, frame: Samples) -> float:
        check_frame(frame)
        return float(self._vad.is_speech(frame.tobytes(), CAPTURE_RATE_HZ))

    def reset(self) -> None:
        self._vad = webrtcvad.Vad(self._mode)


class SileroVad:
    """Silero v6 on onnxruntime: 0.3 to 1 % of a core, and still right in a kitchen.

    Its windows are longer than our frames; a frame that completes none repeats the
    last probability. The delay this adds is 20 ms at most.
    """

    def __init__(self, models_dir: str | Path = "") -> None:
        # Here, because a board with other engines has no use for onnxruntime's 30 MB.
        from edgevoice.audio import inference

        self._session = inference.session(models.find(models_dir, SILERO))
        self._rate = np.array(CAPTURE_RATE_HZ, np.int64)
        self._state: NDArray[np.float32]
        self._heard: NDArray[np.float32]
        self.reset()

    def probability(self, frame: Samples) -> float:
        check_frame(frame)
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


class AboveNoise:
    """Believes a detector only where the frame stands out from the room.

    Against the kitchen that webrtcvad, and sometimes earshot, take for endless speech.
    At 5 dB above the floor, speech with a kitchen 5 dB below it is not noticed to have
    ended in 7 instead of 84 of 100 orders (webrtcvad), 5 instead of 32 (earshot), and as
    many are cut; from 6 dB on more are cut: `scripts/bench vad --speech DIR --full`.
    Silero needs none of it (0 of 100).
    """

    MARGIN_DB = 5.0

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self._room = NoiseFloor()

    def probability(self, frame: Samples) -> float:
        probability = self._vad.probability(frame)
        return probability if self._room.hear(frame) >= self.MARGIN_DB else 0.0

    def reset(self) -> None:
        self._vad.reset()
        self._room.reset()


class GatedVad:
    """Lets the deciding detector rest until the first one hears something.

    Woken, it first hears what it slept through, or the last of it, so that it decides
    as if it had been awake. On 44 orders of 466 s, clean, in a kitchen at 20 and 10 dB
    and in pink noise at 5 dB, the endpointer reports the same 352 edges: 348 of them within
    two frames of where Silero without rest puts them, the others within five.
    """

    HOLD_FRAMES = 100
    """Awake for 2 s after the last sign of speech of either."""

    REMEMBERS_FRAMES = 64
    """What Silero makes of the present depends on little more than the last second; and on
    its idea of the room, which is therefore kept while it rests."""

    GRID_FRAMES = 8
    """Eight frames are five windows of Silero, ten of earshot: what is skipped is a
    multiple of it, so that their windows lie where they would have lain."""

    def __init__(self, first: Vad, deciding: Vad, goes_on: float = 0.35) -> None:
        """`goes_on`: the probability from which on the endpointer lets speech go on."""
        self._goes_on = goes_on
        self._first = first
        self._deciding = deciding
        self._slept_through: deque[Samples] = deque(maxlen=self.REMEMBERS_FRAMES)
        self.reset()

    def probability(self, frame: Samples) -> float:
        if self._first.probability(frame):
            self._awake_frames = self.HOLD_FRAMES
        if not self._awake_frames:
            self._slept_through.append(frame)
            self._slept += 1
            return 0.0
        if self._slept:
            self._catch_up()
        probability = self._deciding.probability(frame)
        if probability >= self._goes_on:
            self._awake_frames = self.HOLD_FRAMES
        else:
            self._awake_frames -= 1
        return probability

    def reset(self) -> None:
        self._first.reset()
        self._deciding.reset()
        self._slept_through.clear()
        self._slept = self._awake_frames = 0

    def _catch_up(self) -> None:
        forgotten = self._slept - len(self._slept_through)
        for _ in range(-forgotten % self.GRID_FRAMES):
            self._slept_through.popleft()
        for frame in self._slept_through:
            self._deciding.probability(frame)
        self._slept_through.clear()
        self._slept = 0
