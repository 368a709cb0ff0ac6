from itertools import permutations

import pytest

from edgevoice.transceiver.playback import Playback

ORDERS = [
    order
    for order in permutations(["stop", "start", "drain"])
    if order.index("start") < order.index("drain")
]


@pytest.mark.parametrize("order", ORDERS)
def test_over_when_sent_and_played_in_any_possible_order(order):
    playback = Playback()
    playback.stream_started()
    steps = {
        "stop": playback.stream_stopped,
        "start": playback.playout_started,
        "drain": playback.playout_drained,
    }
    for step in order:
        assert not playback.over
        steps[step]()
    assert playback.over


def test_an_answer_that_follows_without_a_pause():
    playback = Playback()
    playback.stream_started()
    playback.playout_started()
    playback.stream_stopped()
    playback.stream_started()
    playback.stream_stopped()
    assert not playback.over
    playback.playout_drained()
    assert playback.over


def test_an_answer_that_follows_after_a_pause_must_be_heard_itself():
    playback = Playback()
    playback.stream_started()
    playback.playout_started()
    playback.playout_drained()
    playback.stream_stopped()
    playback.stream_started()
    playback.stream_stopped()
    assert not playback.over


def test_what_was_cleared_before_it_was_heard_is_over():
    playback = Playback()
    playback.stream_started()
    playback.stream_cleared()
    assert playback.over
