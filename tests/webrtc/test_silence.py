"""Packets that say how long nothing is to be heard."""

import pytest

from edgevoice.webrtc.opus import OpusDecoder
from edgevoice.webrtc.silence import FALLS_SILENT, goes_on, is_silence, silence, silent_ticks


@pytest.mark.parametrize("frames", [1, 2, 3, 6])
def test_any_opus_decoder_takes_it_for_as_long_as_it_says(frames: int) -> None:
    packet = silence(frames)
    assert is_silence(packet) and not goes_on(packet)
    assert silent_ticks(packet) == 960 * frames
    assert len(OpusDecoder(16_000).decode(packet)) == 320 * frames


def test_a_single_byte_is_one_frame_of_a_silence_that_goes_on() -> None:
    assert is_silence(FALLS_SILENT) and goes_on(FALLS_SILENT)
    assert silent_ticks(FALLS_SILENT) == 960
    assert len(OpusDecoder(16_000).decode(FALLS_SILENT)) == 320


def test_more_than_a_packet_holds_is_our_bug() -> None:
    with pytest.raises(ValueError, match="not 7"):
        silence(7)


def test_it_lasts_as_long_as_libopus_says() -> None:
    """Every table-of-contents byte, alone and with a frame count behind it."""
    decoder = OpusDecoder(48_000)
    for first in range(0, 256, 4):
        alone, several = bytes([first]), bytes([first | 3, 2])
        assert silent_ticks(alone) == len(decoder.decode(alone))
        assert silent_ticks(several) == len(decoder.decode(several))


def test_nonsense_lasts_no_longer_than_a_packet_can() -> None:
    for first in range(256):
        for second in (0, 47, 255):
            assert 0 <= silent_ticks(bytes([first, second])) <= 6 * 960


def test_sound_is_no_silence() -> None:
    assert not is_silence(b"")
    assert not is_silence(b"abc")
