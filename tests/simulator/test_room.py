"""What is played comes back, late and quieter; what is said is heard beside it."""

from pathlib import Path

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.simulator.room import Room
from edgevoice.simulator.scenario import Echo
from tests.virtual_time import elapse

PLAYOUT_RATE_HZ = 48_000


def nothing(*_: object) -> None:
    pass


def noise(seconds: float, rate_hz: int, level: float) -> Samples:
    count = round(seconds * rate_hz)
    return (level * np.random.default_rng(5).standard_normal(count)).astype(np.int16)


def loudness(samples: Samples) -> float:
    """RMS."""
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))


async def heard_in(tmp_path: Path, echo: Echo | None, say: Samples | None = None) -> Samples:
    """Half a second of noise is played from the beginning on; what is heard in a second."""
    room, heard = Room(tmp_path / "speaker.wav", aloud=False, echo=echo), list[Samples]()
    board = room.board()
    microphone = board.microphone(heard.append, nothing, nothing)
    playout = PlayoutBuffer(PLAYOUT_RATE_HZ)
    async with board.speaker(playout, nothing, nothing), microphone:
        playout.push(noise(0.5, PLAYOUT_RATE_HZ, 3_000))
        if say is not None:
            room.microphone.say(say)
        await elapse(1.0)
    return np.concatenate(heard)


def between(samples: Samples, start_s: float, stop_s: float) -> float:
    return loudness(samples[round(start_s * CAPTURE_RATE_HZ) : round(stop_s * CAPTURE_RATE_HZ)])


async def test_without_an_echo_the_room_is_silent(tmp_path: Path) -> None:
    assert not (await heard_in(tmp_path, None)).any()


async def test_the_echo_comes_late_and_as_loud_as_it_was_asked_for(tmp_path: Path) -> None:
    near = await heard_in(tmp_path, Echo(delay_ms=200, level_db=-10))
    assert between(near, 0.0, 0.18) < 40, "only the room's own noise"
    assert between(near, 0.3, 0.6) > 300
    far = await heard_in(tmp_path, Echo(delay_ms=200, level_db=-30))
    assert 7 < between(near, 0.3, 0.6) / between(far, 0.3, 0.6) < 12, "20 dB"


async def test_a_voice_is_heard_beside_the_echo(tmp_path: Path) -> None:
    voice = noise(0.1, CAPTURE_RATE_HZ, 4_000)
    heard = await heard_in(tmp_path, Echo(delay_ms=200), say=voice)
    assert between(heard, 0.02, 0.1) > 3_000
    assert between(heard, 0.3, 0.6) > 300
