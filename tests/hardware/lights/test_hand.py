"""The thread that writes to a light which blocks."""

import asyncio
import threading

import pytest

from edgevoice.errors import GpioError
from edgevoice.hardware.lights.hand import PATIENCE_S, HelpingHand, OwnHand, hand_for
from tests.hardware.lights.fakes import HangingLight, PaperLight

RED = ((255, 0, 0),)


def test_only_a_light_that_blocks_gets_a_thread() -> None:
    assert isinstance(hand_for(PaperLight()), OwnHand)
    hand = hand_for(PaperLight(blocks=True))
    assert isinstance(hand, HelpingHand)
    hand.close()


def test_what_is_written_now_is_there_and_the_thread_ends() -> None:
    before = threading.active_count()
    light = PaperLight(blocks=True)
    hand = HelpingHand(light)
    hand.write_now(RED, 1.0)
    assert light.frames == [(RED, 1.0)]
    hand.close()
    assert light.closed
    assert threading.active_count() == before


def test_a_failure_comes_back_from_the_thread() -> None:
    hand = HelpingHand(PaperLight(blocks=True, broken=True))
    with pytest.raises(GpioError, match="no contact"):
        hand.write_now(RED, 1.0)
    with pytest.raises(GpioError, match="no contact"):
        asyncio.run(hand.write(RED, 1.0))
    hand.close()


def test_nothing_piles_up_behind_a_light_that_hangs() -> None:
    light = HangingLight()
    light.released.set()
    hand = HelpingHand(light)
    hand.write_now(RED, 1.0)
    light.released.clear()
    for _ in range(3):
        with pytest.raises(GpioError, match="longer than 50 ms"):
            hand.write_now(RED, 1.0)
    light.released.set()
    hand.close()
    assert light.tried == 2  # the others were taken back


def test_the_first_time_it_may_take_long_to_be_found() -> None:
    light = HangingLight()
    hand = HelpingHand(light)
    finder = threading.Timer(2 * PATIENCE_S, light.released.set)
    finder.start()
    hand.write_now(RED, 1.0)
    assert light.frames == [(RED, 1.0)]
    finder.join()
    hand.close()


class Late(PaperLight):
    def write(self, frame: object, brightness: float) -> None:
        raise TimeoutError("the device did not answer")


def test_a_light_s_own_timeout_is_its_own() -> None:
    hand = HelpingHand(Late(blocks=True))
    with pytest.raises(TimeoutError, match="did not answer"):
        hand.write_now(RED, 1.0)
    hand.close()
