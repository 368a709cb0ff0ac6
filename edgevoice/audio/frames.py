"""How sound looks inside the program: int16, mono, 16 000 Hz in frames of 20 ms.

Constants, the one type alias and a check. No arithmetic on samples here.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]

CAPTURE_RATE_HZ = 16_000
FRAME_MS = 20
FRAME_SAMPLES = CAPTURE_RATE_HZ * FRAME_MS // 1000


def check_frame(samples: Samples) -> None:
    """ValueError where whoever calls has cut the sound in another way."""
    if samples.dtype != np.int16 or samples.shape != (FRAME_SAMPLES,):
        raise ValueError(
            f"a frame of {FRAME_SAMPLES} int16 samples wanted, got {samples.dtype}{samples.shape}"
        )
