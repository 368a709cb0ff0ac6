"""Both sides count, so that what one lacks can be said again, and nothing twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.link import event_log
from edgevoice.link.event_log import EventLog
from edgevoice.realtime.client_events import EdgevoicePing, EdgevoiceResume, ResponseCreate
from edgevoice.realtime.server_events import (
    EdgevoicePong,
    EdgevoiceReceived,
    EdgevoiceResumed,
    InputAudioBufferCleared,
)


def said(*texts: str) -> EventLog:
    log = EventLog()
    for text in texts:
        log.sent(ResponseCreate(), text)
    return log


def test_what_the_relay_lacks_is_said_again() -> None:
    assert said("a", "b", "c").after(1) == ["b", "c"]


def test_what_it_has_once_it_has_for_good() -> None:
    log = said("a", "b", "c")
    log.after(2)
    assert log.after(2) == ["c"]
    assert log.after(1) is None, "b is not kept any more"


def test_it_cannot_have_more_than_was_sent() -> None:
    assert said("a").after(2) is None


def test_words_about_the_link_do_not_count() -> None:
    log = EventLog()
    log.sent(EdgevoicePing(), "ping")
    log.sent(EdgevoiceResume(events=0), "resume")
    log.arrived(EdgevoicePong())
    log.arrived(EdgevoiceResumed(events=0, samples=0))
    assert log.after(0) == [] and log.received == 0


def test_everything_else_does() -> None:
    log = EventLog()
    log.arrived(InputAudioBufferCleared())
    log.arrived(EdgevoiceReceived(samples=0, packets=0, lost=0, concealed=0))
    log.malformed()
    assert log.received == 3


def test_memory_has_its_bounds() -> None:
    log = said(*["x"] * (event_log.MOST_KEPT + 5))
    assert log.after(4) is None
    assert len(log.after(5) or ()) == event_log.MOST_KEPT
    large = "x" * (event_log.MOST_BYTES // 2)
    log = said(large, large, large)
    assert log.after(0) is None
    assert log.after(1) == [large, large]


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.text(max_size=3), max_size=30), st.data())
def test_over_any_number_of_breaks_everything_arrives_once(texts, data):
    log, there, queue = EventLog(), [], list(texts)
    while queue or log.after(len(there)):
        for _ in range(data.draw(st.integers(0, len(queue)))):
            text = queue.pop(0)
            log.sent(ResponseCreate(), text)
        missing = log.after(len(there))
        assert missing is not None
        arrived = data.draw(st.integers(min(1, len(missing)), len(missing)))
        there += missing[:arrived]
    assert there == texts
