"""How a card's controls are set, as the doctor reads them."""

import pytest

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.alsa import Level, levels
from tests.hardware.fake_alsa import FakeAlsa, FakeControl


def test_each_control_in_its_direction() -> None:
    speaker = FakeControl("Speaker", raw_range=(0, 127), raw=127, has_switch=True, is_on=False)
    capture = FakeControl("Capture", raw_range=(-10, 10), raw=0, captures=True)
    switch = FakeControl("Input Mux", has_volume=False)
    assert levels(FakeAlsa({"hw:1": [speaker, switch, capture]}), "hw:1") == [
        Level("Speaker", "playback", 1.0, False),
        Level("Capture", "capture", 0.5, True),
    ]


def test_a_card_that_has_gone() -> None:
    alsa = FakeAlsa({"hw:1": []})
    with pytest.raises(AudioError, match="No such file"):
        levels(alsa, "hw:2")
    assert not alsa.open
