"""How sound looks inside the program: int16, mono, 16 000 Hz in frames of 20 ms.

Constants and the one type alias. No functions of samples here.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]

CAPTURE_RATE_HZ = 16_000
FRAME_MS = 20
FRAME_SAMPLES = CAPTURE_RATE_HZ * FRAME_MS // 1000
