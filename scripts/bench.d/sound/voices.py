"""Who speaks in the benches: people in recordings, and the assistant's own voice."""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.resample import resample
from edgevoice.audio.vad import SileroVad
from edgevoice.audio.wav import read_wav
from edgevoice.errors import ModelError
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ
from edgevoice.relay.engines.local.synthesizer import Synthesizer

ROOT = Path(__file__).resolve().parents[3]
OWN = (ROOT / "tests/speech", ROOT / "edgevoice/simulator/speech")

ANSWER_DBFS = -20.0
"""Loudness of what is played, while somebody speaks in it."""

BLOCK = 160
MARGIN = 20 * BLOCK
"""Left around speech when silence is cut off: 0.2 s."""

ABOVE_NOISE = 0.8
"""Speech is 8 dB above the quietest tenth of its recording."""
LASTING = 10
"""Most of the next 0.1 s is speech as well."""

VAD_DELAY = 60 * CAPTURE_RATE_HZ // 1000
"""Silero says so 20 to 60 ms after speech has begun (35 of 40 recordings)."""

LONG_ANSWER = (
    "The weather in Lisbon is mild today, with some clouds over the river and eighteen degrees.",
    "Tomorrow brings rain in the morning; by four in the afternoon it should be dry again.",
    "Your calendar has three entries: the dentist at nine, lunch with Martha, and the choir.",
    "On the shopping list are eggs, flour, two lemons, a pound of butter and dark chocolate.",
    "The train to the airport leaves from platform six, every twenty minutes until midnight.",
    "Once upon a time a fox lived at the edge of a large forest, and nobody knew his name.",
    "Every evening he walked along the hedge, listened to the owls, and counted the stars.",
    "One night, however, the moon did not rise, and he asked the oldest owl what to do.",
)


def wake_recordings(folder: Path | None, word: str = "alexa") -> list[Path]:
    """One speaker each who says the wake word, alone or before a command."""
    if folder is None:
        return sorted(path for place in OWN for path in place.glob(f"{word}_*.wav"))
    return _found(folder, f"wake/{word}/*.wav")


def other_recordings(folder: Path | None) -> list[Path]:
    """People who say anything else."""
    if folder is None:
        return sorted(
            path
            for place in OWN
            for path in place.glob("*.wav")
            if not path.stem.startswith(("alexa", "hey_", "kitchen"))
        )
    return _found(folder, "barista/*.wav")


def _found(folder: Path, pattern: str) -> list[Path]:
    if found := sorted(folder.glob(pattern)):
        return found
    sys.exit(f"bench: {folder} has no {pattern}")


def spoken(path: Path) -> Samples:
    """A recording without the silence before and behind its speech."""
    sound = read_wav(path)
    loud = np.flatnonzero(_loud(sound)) * BLOCK
    return sound[max(0, loud[0] - MARGIN) : loud[-1] + BLOCK + MARGIN]


def speech_start(sound: Samples) -> int:
    """The first sample of speech, to 10 ms: by energy, unless it is a breath, a click or a door,
    which one recording in ten begins with, and of which Silero says so in the clean sound."""
    by_energy = int(np.flatnonzero(_loud(sound))[0]) * BLOCK
    vad = SileroVad()
    frames = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    heard = np.flatnonzero([vad.probability(frame) >= 0.5 for frame in frames])
    by_vad = int(heard[0]) * FRAME_SAMPLES - VAD_DELAY if len(heard) else 0
    return max(by_energy, by_vad)


def _loud(sound: Samples) -> NDArray[np.bool_]:
    """Per 10 ms: within 25 dB of the loudest, above the noise, and no click."""
    blocks = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.float64)
    power = np.convolve((blocks**2).mean(1), np.ones(3) / 3, "same")
    least = max(np.percentile(power, 98) / 10**2.5, np.percentile(power, 10) * 10**ABOVE_NOISE)
    lasting = np.convolve(power > least, np.ones(LASTING), "full")[LASTING - 1 :] > LASTING / 2
    loud: NDArray[np.bool_] = (power > least) & lasting
    return loud


def level(sound: Samples) -> float:
    """Root mean square while it is not silent."""
    x = np.asarray(sound, np.float64)
    blocks: NDArray[np.float64] = (x[: len(x) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2).mean(1)
    return float(np.sqrt(blocks[blocks > blocks.max() / 1e4].mean()))


def at_dbfs(sound: Samples, dbfs: float) -> Samples:
    return scaled(sound, 32768 * 10 ** (dbfs / 20) / level(sound))


def scaled(sound: Samples, gain: float) -> Samples:
    limited: Samples = np.clip(sound * gain, -32768, 32767).astype(np.int16)
    return limited


def assistant(rate_hz: int, seconds: float) -> Samples:
    """Our own voice, reading without a pause for breath."""
    try:
        voice = Synthesizer(seed=7)
    except ModelError as missing:
        sys.exit(f"bench: {missing}")
    said = np.concatenate([voice.speak(sentence) for sentence in LONG_ANSWER])
    return _lasting(
        at_dbfs(resample(said, SPEAKING_RATE_HZ, rate_hz), ANSWER_DBFS), rate_hz, seconds
    )


def people(folder: Path | None, rate_hz: int, seconds: float) -> Samples:
    """Real people, one after the other, as an answer that is read to us."""
    count = round(seconds * CAPTURE_RATE_HZ)
    said: list[Samples] = []
    for path in other_recordings(folder):
        said.append(at_dbfs(spoken(path), ANSWER_DBFS))
        if sum(map(len, said)) >= count:
            break
    return _lasting(resample(np.concatenate(said), CAPTURE_RATE_HZ, rate_hz), rate_hz, seconds)


def _lasting(sound: Samples, rate_hz: int, seconds: float) -> Samples:
    return np.resize(sound, round(seconds * rate_hz))
