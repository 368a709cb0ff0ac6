"""Sound for packets that are not there: guessed, faded, and joined without a click."""

import numpy as np

from edgevoice.webrtc.concealment import FULL_MS, SILENT_MS, Concealment
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from tests.webrtc.raw_pcm import CONCEALED, RECOVERED, RawPcm
from tests.webrtc.test_opus import frames, voice

MS = 24
WORD = np.full(480, 5_000, np.int16)


def test_a_guess_is_full_at_first_and_then_fades_to_nothing() -> None:
    concealment = Concealment(RawPcm(24_000))
    guess = np.concatenate([concealment.conceal(240) for _ in range(20)])
    assert (guess[: FULL_MS * MS] == CONCEALED).all()
    assert (np.diff(np.abs(guess.astype(int))) <= 0).all()
    assert guess[SILENT_MS * MS - 1] in range(-200, 1)
    assert not guess[SILENT_MS * MS :].any()
    assert concealment.is_silent


def test_any_number_of_samples_can_be_had() -> None:
    concealment = Concealment(OpusDecoder(24_000))
    for samples in (1, 59, 60, 61, 479, 5_000):
        assert len(concealment.conceal(samples)) == samples
        concealment.true(WORD)


def test_true_sound_ends_the_fading() -> None:
    concealment = Concealment(RawPcm(24_000))
    concealment.conceal(SILENT_MS * MS)
    concealment.true(WORD)
    assert not concealment.is_silent
    assert (concealment.conceal(240) == CONCEALED).all()


def test_a_word_after_a_faded_guess_does_not_click() -> None:
    concealment = Concealment(RawPcm(24_000))
    concealment.conceal(SILENT_MS * MS + 5)
    joined = concealment.true(WORD)
    assert joined[0] == 0
    assert np.array_equal(joined[60:], WORD[60:])


def test_a_word_after_a_short_guess_is_left_to_libopus() -> None:
    """Its decoder joins the two by itself."""
    concealment = Concealment(RawPcm(24_000))
    concealment.conceal(480)
    assert np.array_equal(concealment.true(WORD), WORD)


def test_of_what_is_mended_the_end_is_wanted() -> None:
    concealment = Concealment(RawPcm(24_000))
    mended = concealment.recover(WORD.tobytes(), 100, 480)
    assert mended is not None
    assert mended.tolist() == [RECOVERED] * 100
    assert Concealment(OpusDecoder(24_000)).recover(b"", 480, 480) is None


def test_a_steady_voice_does_not_hum_on() -> None:
    encoder, decoder = OpusEncoder(24_000), OpusDecoder(24_000)
    for frame in frames(voice(24_000, 24_000), 24_000):
        decoder.decode(encoder.encode(frame))
    concealment = Concealment(decoder)
    guess = concealment.conceal(300 * MS)
    assert np.abs(guess[: 20 * MS]).max() > 1_000
    assert not guess[SILENT_MS * MS :].any()
