"""May there be speech? It may say yes for nothing, but never no to a voice."""

import numpy as np
import pytest

from edgevoice.audio.frames import Samples
from edgevoice.audio.quiet_gate import HOLD_S, QuietGate
from tests.audio.test_noise_floor import noise
from tests.recordings import quiet, scene, speech

BLOCK = 1280


def hear(gate: QuietGate, sound: Samples) -> np.ndarray:
    """Whether it is open, for each block of 80 ms."""
    whole = len(sound) // BLOCK * BLOCK
    return np.array([gate.hear(block) for block in sound[:whole].reshape(-1, BLOCK)])


@pytest.mark.parametrize(
    "room", [quiet(10), noise(10, -60), noise(10, -40), np.zeros(160_000, np.int16)]
)
def test_a_steady_room_keeps_it_closed(room: Samples) -> None:
    assert not hear(QuietGate(), room)[40:].any()


@pytest.mark.parametrize("name", ["alexa_34", "alexa_107", "hey_mycroft", "what_time_is_it"])
@pytest.mark.parametrize("loudness", [1.0, 0.1, 0.02])
def test_a_voice_opens_it_at_its_beginning(name: str, loudness: float) -> None:
    voice = (speech(name) * loudness).astype(np.int16)
    opened = hear(QuietGate(), np.concatenate((quiet(4.0), voice)))
    energy = np.add.reduceat(voice.astype(float) ** 2, range(0, len(voice), BLOCK))
    spoken = 50 + int(np.flatnonzero(energy > energy.max() / 10)[0])
    assert not opened[40:45].any()
    assert opened[spoken]


def test_a_voice_as_loud_as_the_room_opens_it() -> None:
    voice = speech("what_time_is_it")
    level = 10 * np.log10(np.mean((voice / 32768) ** 2))
    sound = noise(12, level)
    sound[8 * 16_000 :][: len(voice)] += voice
    opened = hear(QuietGate(), sound)
    assert not opened[60:95].any()
    assert opened[100:].any()


def test_it_stays_open_for_a_while_and_then_closes() -> None:
    opened = hear(QuietGate(), scene(3.0, noise(0.08, -20), 4.0))
    after = np.flatnonzero(opened[37:])
    assert len(after) == pytest.approx(HOLD_S / 0.08, abs=3)


def test_a_reset_closes_it() -> None:
    gate = QuietGate()
    assert hear(gate, speech("set_timer"))[-1]
    gate.reset()
    assert not hear(gate, quiet(0.4)).any()
