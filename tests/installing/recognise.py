"""Writes down what is said in a raw recording (16 kHz, mono, 16 bit).

Run by the installed Python of the guest; imports nothing of the checkout.
"""

import sys
from pathlib import Path

import numpy as np

from edgevoice.relay.engines.local.recognizer import Recognizer

LOUD = 200
"""Quieter is silence, around which nothing was said."""

sound = np.frombuffer(Path(sys.argv[1]).read_bytes(), np.int16)
loud = np.flatnonzero(np.abs(sound) > LOUD)
if len(loud):
    said = sound[loud[0] : loud[-1]]
    words = Recognizer().dictation().transcribe(said, lambda: False)
    print(f"{len(said) / 16_000:.1f} s of sound: {words}")
else:
    print("nothing was played")
