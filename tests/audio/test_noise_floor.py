"""How loud the room is when nothing happens in it."""

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.noise_floor import QUIETEST_DBFS, NoiseFloor
from tests.recordings import scene


def noise(seconds: float, dbfs: float, seed: int = 1) -> Samples:
    scale = 32768 * 10 ** (dbfs / 20)
    drawn = np.random.default_rng(seed).normal(0, scale, round(seconds * 16_000))
    return drawn.clip(-32768, 32767).astype(np.int16)


def hear(room: NoiseFloor, sound: Samples) -> np.ndarray:
    whole = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
    return np.array([room.hear(frame) for frame in sound[:whole].reshape(-1, FRAME_SAMPLES)])


@pytest.mark.parametrize("dbfs", [-70, -50, -30])
def test_steady_noise_is_the_floor_however_loud(dbfs: float) -> None:
    room = NoiseFloor()
    above = hear(room, noise(5, dbfs))
    assert room.floor_dbfs == pytest.approx(dbfs, abs=2)
    assert above.max() < 3


def test_speech_stands_out_and_does_not_become_the_floor() -> None:
    room = NoiseFloor()
    hear(room, scene(2.0))
    before = room.floor_dbfs
    assert before is not None
    assert hear(room, scene("set_timer", "what_time_is_it", "set_timer")).max() > 30
    hear(room, scene(0.5))
    assert room.floor_dbfs == pytest.approx(before, abs=1)


def test_a_fan_that_is_switched_on_is_floor_after_some_seconds() -> None:
    room = NoiseFloor()
    hear(room, noise(2, -60))
    above = hear(room, noise(15, -45))
    assert above[:100].min() > 10
    assert above[-100:].max() < 3


def test_a_fan_that_is_switched_off_is_forgotten_at_once() -> None:
    room = NoiseFloor()
    hear(room, noise(3, -40))
    hear(room, noise(0.4, -65))
    assert room.floor_dbfs == pytest.approx(-65, abs=2)


@pytest.mark.parametrize("samples", [0, 320])
def test_the_floor_is_never_bottomless(samples: int) -> None:
    room = NoiseFloor()
    assert room.hear(np.zeros(samples, np.int16)) == 0
    assert room.floor_dbfs == QUIETEST_DBFS


def test_after_a_reset_the_room_is_another() -> None:
    room = NoiseFloor()
    hear(room, noise(1, -70))
    room.reset()
    assert hear(room, noise(1, -30))[0] == 0
