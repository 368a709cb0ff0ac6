"""Histories that once went wrong on the whole device, each as short as it can be told."""

from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.transceiver.states import State
from tests.properties.device_world import World
from tests.properties.sound_in_memory import SPEECH, WAKE, loud
from tests.virtual_time import elapse, run

pytestmark = pytest.mark.slow

OWNER = {
    "barge_in": True,
    "follow_up_s": 8.0,
    "standby": False,
    "renew_s": 3_300.0,
    "required": False,
    "session_s": 60.0,
    "begun": None,
}


async def until(world: World, state: State) -> None:
    while world.mind.state is not state:
        await elapse(0.02)


@pytest.mark.parametrize("away_s", [1.5, 3.0])
def test_words_at_the_end_of_listening_survive_a_link_that_is_away(
    tmp_path: Path, away_s: float
) -> None:
    """Nobody confirmed them in time, and the device hung up without a word."""

    async def story() -> None:
        world = World(tmp_path, OWNER)
        await world.start()
        world.say(np.concatenate([loud(WAKE, 24), loud(0, 15), loud(SPEECH, 40)]), 0, 1)
        await until(world, State.SPEAKING)
        await until(world, State.LISTENING)
        await elapse(7.7)
        world.far.hold()
        await elapse(0.1)
        said = world.say(loud(SPEECH, 25), 0, 25 * FRAME_SAMPLES)
        await elapse(away_s)
        world.far.go_on()
        await elapse(5.0)
        assert world.heard(said)
        await world.stop()
        assert not world.wrong

    run(story())


def test_words_are_not_lost_to_the_rest_of_an_answer_that_is_over(tmp_path: Path) -> None:
    """Its first packets had come before the word of it, and were not counted as heard: after a
    break its end was sent again, and the device that plays does not listen."""

    async def story() -> None:
        world = World(tmp_path, {**OWNER, "barge_in": False})
        await world.start()
        world.say(np.concatenate([loud(WAKE, 24), loud(0, 15), loud(SPEECH, 40)]), 0, 1)
        await until(world, State.SPEAKING)
        await until(world, State.LISTENING)
        await elapse(3.0)
        said = world.say(loud(SPEECH, 50), 0, 50 * FRAME_SAMPLES)
        await elapse(1.2)
        world.far.hold()
        await elapse(1.0)
        world.far.tear()
        await elapse(5.0)
        assert world.heard(said)
        await world.stop()
        assert not world.wrong

    run(story())
