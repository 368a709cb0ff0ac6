"""Lines of a chat server's stream, in whatever pieces they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import EngineError
from edgevoice.relay.engines.local.event_stream import EventStream, WholeBody

STREAM = (
    b': hello\r\ndata: {"a":1}\r\n\r\nevent: x\ndata:{"b": "\xc3\xa9"}\n\ndata: [DONE]\ndata: {}\n'
)


@given(st.lists(st.integers(1, len(STREAM)), max_size=10))
def test_the_events_are_the_same_in_any_pieces(cuts):
    stream, events, at = EventStream(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        events += stream.push(STREAM[at:cut])
        at = max(at, cut)
    assert events == ['{"a":1}', '{"b": "é"}']
    assert stream.done


def test_an_event_that_the_end_cuts_off_still_counts():
    stream = EventStream()
    assert stream.push(b"data: 1") == []
    assert stream.finish() == ["1"]


@pytest.mark.parametrize("stream", [EventStream(), WholeBody()])
def test_a_line_without_end_is_refused(stream):
    stream.push(b"x" * stream.LIMIT)
    with pytest.raises(EngineError, match="without end"):
        stream.push(b"x")
