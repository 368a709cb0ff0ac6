"""What each side of a call wishes to be sent, as its description says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.webrtc.fmtp import LEAST_BPS, MOST_BPS, Wishes, wishes

HEAD = "m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:111 opus/48000/2\r\n"


def said(parameters: str) -> Wishes:
    return wishes(f"{HEAD}a=fmtp:0 useinbandfec=1\r\na=fmtp:111 {parameters}\r\n")


def test_what_is_not_said_is_as_the_rfc_says() -> None:
    assert wishes(HEAD) == wishes("") == Wishes(False, False, 510_000, 48_000)


def test_a_browser() -> None:
    assert said("minptime=10;useinbandfec=1") == Wishes(fec=True)


@given(
    st.builds(
        Wishes,
        st.booleans(),
        st.booleans(),
        st.integers(LEAST_BPS, MOST_BPS),
        st.sampled_from([8_000, 12_000, 16_000, 24_000, 48_000]),
    )
)
def test_what_we_say_is_what_is_understood(ours: Wishes) -> None:
    assert said(ours.parameters()) == ours


def test_control_characters_beside_a_number_are_as_good_as_blanks() -> None:
    assert said("useinbandfec=\x1e1;usedtx=1\x1f") == Wishes(fec=True, dtx=True)
    assert said("maxaveragebitrate=\u0661\u0662") == Wishes()


def test_mono_is_said_for_both_directions() -> None:
    assert ";stereo=0;sprop-stereo=0;" in Wishes().parameters()


@pytest.mark.parametrize(
    "parameters",
    ["useinbandfec=yes", "useinbandfec", "usedtx=-1;;=;", "maxaveragebitrate=1e9", "\u0661=1"],
)
def test_nonsense_counts_as_not_said(parameters: str) -> None:
    assert said(parameters) == Wishes()


def test_numbers_no_encoder_takes_are_brought_in_range() -> None:
    assert said("maxaveragebitrate=1;maxplaybackrate=1") == Wishes(
        bitrate_bps=LEAST_BPS, rate_hz=8_000
    )
    assert said("maxaveragebitrate=999999999; maxplaybackrate=96000") == Wishes()


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    wishes(text)
    said(text)
