"""From the first chirp to the settings, in simulated rooms."""

from collections.abc import Callable

import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.config import Config, SpeakerConfig
from edgevoice.doctor.proposals import Round, proposals
from edgevoice.doctor.sound_test import examine
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone
from edgevoice.simulator.acoustics import EchoPath
from tests.doctor.rooms import RATE_HZ, Room

pytestmark = pytest.mark.slow

LOUD = Config(speaker=SpeakerConfig(volume_percent=100))


async def rounds_in(room: Room, config: Config = LOUD) -> list[Round]:
    rounds: list[Round] = []
    volume = config.speaker.volume_percent
    await examine(config, room.devices, volume, rounds, lambda volume, share: None)
    return rounds


async def test_a_good_room_is_measured_once() -> None:
    (only,) = await rounds_in(Room(EchoPath(RATE_HZ, 80, -10, noise_dbfs=-60)))
    assert only.volume_percent == 100 and only.is_linear
    wanted = {p.path: p.value for p in proposals(LOUD, [only])}
    assert set(wanted) == {"echo.delay_ms", "echo.tail_ms"}


async def test_a_strained_loudspeaker_is_tried_quieter_until_it_is_not() -> None:
    room = Room(EchoPath(RATE_HZ, 80, -10, saturation=4.0, noise_dbfs=-70))
    rounds = await rounds_in(room)
    assert [one.volume_percent for one in rounds] == [100, 71]
    assert [one.is_linear for one in rounds] == [False, True]
    wanted = {p.path: p.value for p in proposals(LOUD, rounds)}
    assert wanted["speaker.volume_percent"] == 71 and "echo.canceller" not in wanted


async def test_one_that_is_terrible_at_any_volume_means_half_duplex() -> None:
    room = Room(EchoPath(RATE_HZ, 80, 0, saturation=60.0, noise_dbfs=-70))
    rounds = await rounds_in(room)
    assert [one.volume_percent for one in rounds] == [100, 71, 50]
    wanted = {p.path: p.value for p in proposals(LOUD, rounds)}
    assert wanted["turn.barge_in"] is False


class Stumbling(Room):
    """Loses a block of what is captured, so many times."""

    times = 1

    def microphone(
        self,
        hear: Callable[[Samples], None],
        lost: Callable[[str], None],
        found: Callable[[], None],
    ) -> VirtualMicrophone:
        heard = 0

        def stumble(block: Samples) -> None:
            nonlocal heard
            heard += 1
            if heard % 500 == 220 and heard < 500 * self.times:  # amid the first chirps
                assert self.path is not None
                self.path.hear(FRAME_SAMPLES)
            hear(block)

        return super().microphone(stumble, lost, found)


@pytest.mark.parametrize(("times", "interrupted"), [(1, False), (3, True)])
async def test_a_stumble_is_measured_again_but_not_for_ever(times: int, interrupted: bool) -> None:
    room = Stumbling(EchoPath(RATE_HZ, 150, -10, noise_dbfs=-60))
    room.times = times
    rounds = await rounds_in(room)
    echo = rounds[-1].measured.echo
    assert len(rounds) == 1 and echo is not None
    assert echo.interrupted is interrupted
