"""What the two ends of a WebSocket say about their media."""

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.media_header import MAX_CHARS, Media, parse

OURS = Wishes(fec=True, dtx=True, bitrate_bps=32_000, rate_hz=24_000)


@pytest.mark.parametrize("start", [None, 0, 2**32 - 1])
def test_what_is_written_is_read(start: int | None) -> None:
    assert parse(Media(OURS, start).header()) == Media(OURS, start)


def test_what_is_not_said_is_what_the_rfc_says() -> None:
    assert parse("First-Timestamp=5; usedtx=1; tomorrow=yes") == Media(Wishes(dtx=True), 5)


@pytest.mark.parametrize("header", ["", "x" * (MAX_CHARS + 1), "usedtx=\xb9"])
def test_no_header_is_refused_with_an_example(header: str) -> None:
    with pytest.raises(RemoteProtocolError, match="as in first-timestamp=0"):
        parse(header)


@pytest.mark.parametrize("value", ["", "-1", "x", "4294967296", "99999999999", "0x1"])
def test_a_clock_that_starts_nowhere_is_refused(value: str) -> None:
    with pytest.raises(RemoteProtocolError, match="32 bits"):
        parse(f"usedtx=0;first-timestamp={value}")
