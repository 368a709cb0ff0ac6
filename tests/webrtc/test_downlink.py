import numpy as np

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.webrtc.downlink import HELD_MS, Downlink

RATE_HZ = 24_000
PACKET = np.full(RATE_HZ // 50, 99, np.int16)


def test_a_burst_is_played_as_soon_as_it_is_long_enough() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    downlink = Downlink(playout)
    downlink.hear(0, PACKET)
    downlink.hear(480, PACKET)
    assert playout.is_empty
    downlink.hear(960, PACKET)
    assert playout.waiting_ms == HELD_MS
    downlink.hear(1440, PACKET)
    assert playout.waiting_ms == HELD_MS + 20


def test_a_short_answer_is_played_when_its_time_has_come() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    downlink = Downlink(playout)
    downlink.expire(5.0)
    downlink.hear(0, PACKET)
    assert downlink.deadline == 5.0 + HELD_MS / 1000
    downlink.expire(5.05)
    assert playout.is_empty
    downlink.expire(5.06)
    assert playout.waiting_ms == 20
    assert downlink.deadline is None


def test_after_running_dry_it_holds_back_again() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    downlink = Downlink(playout)
    for i in range(3):
        downlink.hear(i * 480, PACKET)
    playout.pull(RATE_HZ)
    downlink.hear(1440, PACKET)
    assert playout.is_empty


def test_what_is_held_can_be_forgotten() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    downlink = Downlink(playout)
    downlink.hear(0, PACKET)
    downlink.forget()
    downlink.expire(9.0)
    assert playout.is_empty
