import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import RemoteProtocolError
from edgevoice.relay.turns.wake_phrase import WakePhrase, parse_header


def test_a_header_is_read():
    assert parse_header("name=hey_jarvis;start=0;end=14400") == WakePhrase("hey_jarvis", 0, 14400)
    assert parse_header(" name=hey jarvis ; start=5; end=6 ") == WakePhrase("hey jarvis", 5, 6)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "alexa",
        "name=alexa;start=1",
        "name=alexa;start=-1;end=5",
        "name=alexa;start=5;end=4",
        "name=alexa;start=0;end=160001",
        "name=alexa;start=99999000;end=99999900",
        "name=al\nexa;start=0;end=5",
        "name=;start=0;end=5",
        "name= ;start=0;end=5",
        "name=alexa;start=٣;end=9",
        "name=alexa;start=0;end=5;more=1",
    ],
)
def test_anything_else_is_refused(value):
    with pytest.raises(RemoteProtocolError):
        parse_header(value)


@given(st.text(max_size=60))
def test_no_text_does_worse_than_be_refused(value):
    try:
        phrase = parse_header(value)
    except RemoteProtocolError:
        return
    assert 0 <= phrase.start <= phrase.end
