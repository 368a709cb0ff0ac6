"""Both laws, value by value against ffmpeg's codecs."""

import av
import numpy as np
import pytest

from edgevoice.audio.g711 import A_LAW, MU_LAW

LAWS = pytest.mark.parametrize(("law", "codec"), [(MU_LAW, "pcm_mulaw"), (A_LAW, "pcm_alaw")])
EVERY_BYTE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32_768, 32_768).astype(np.int16)


def context(codec: str, mode: str) -> av.AudioCodecContext:
    made = av.CodecContext.create(codec, mode)
    made.sample_rate, made.format, made.layout = 8_000, "s16", "mono"
    return made


@LAWS
def test_every_byte_is_the_sample_that_others_make_of_it(law, codec):
    (frame,) = context(codec, "r").decode(av.Packet(EVERY_BYTE))
    assert np.array_equal(law.decode(EVERY_BYTE), frame.to_ndarray()[0])


@LAWS
def test_every_sample_becomes_a_byte_that_means_nearly_the_same(law, codec):
    decoded = law.decode(law.encode(EVERY_SAMPLE)).astype(int)
    error = np.abs(decoded - EVERY_SAMPLE)
    assert np.all(error <= 12 + np.abs(EVERY_SAMPLE.astype(int)) // 30)


@LAWS
def test_what_was_decoded_is_encoded_as_it_was(law, codec):
    again = law.encode(law.decode(EVERY_BYTE))
    different = [n for n in range(256) if again[n] != EVERY_BYTE[n]]
    assert different in ([], [0x7F])  # µ-law has two zeros
