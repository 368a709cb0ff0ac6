"""What a device asks to hear again of an answer, after a link that broke."""

from typing import cast

import pytest

from edgevoice.link.heard import WHOLE_MS, Heard
from edgevoice.realtime.server_events import OutputAudioBufferStarted, OutputAudioBufferStopped
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.statistics import ReceiveStatistics


class Link:
    """As a jitter buffer tells of it."""

    def __init__(self, is_short: bool) -> None:
        self.is_short = is_short

    def statistics(self) -> ReceiveStatistics:
        return ReceiveStatistics()


def heard_by(link: Link, *stopped: str) -> Heard:
    heard = Heard()
    heard.over(cast(JitterBuffer, link), 0.0)
    heard.begin()
    heard.follow(OutputAudioBufferStarted(response_id="resp_1"))
    for response_id in stopped:
        heard.follow(OutputAudioBufferStopped(response_id=response_id))
    return heard


def test_an_answer_that_came_to_its_end_is_not_heard_again() -> None:
    """Though fewer of its samples were counted: some came before the word that it begins."""
    heard = heard_by(Link(is_short=False), "resp_1")
    heard.broke_off()
    assert heard.claim(7, 920).heard_ms == WHOLE_MS


@pytest.mark.parametrize(
    ("is_short", "stopped"), [(True, ["resp_1"]), (False, []), (False, ["resp_0"])]
)
def test_what_may_be_missing_is_heard_again(is_short: bool, stopped: list[str]) -> None:
    heard = heard_by(Link(is_short), *stopped)
    heard.broke_off()
    assert heard.claim(7, 920).heard_ms == 920


def test_the_end_of_one_answer_is_not_that_of_the_next() -> None:
    heard = heard_by(Link(is_short=False), "resp_1")
    heard.broke_off()
    heard.over(cast(JitterBuffer, Link(is_short=False)), 1.0)
    heard.follow(OutputAudioBufferStarted(response_id="resp_2"))
    heard.broke_off()
    assert heard.claim(9, 300).heard_ms == 300
