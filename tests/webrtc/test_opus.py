import ctypes
import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import Samples
from edgevoice.errors import AudioError, LocalProtocolError, RemoteProtocolError
from edgevoice.webrtc import opus
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from edgevoice.webrtc.silence import is_silence


def voice(samples: int, rate_hz: int) -> Samples:
    """Something a voice codec takes for voice: a buzzing, wavering harmonic sound."""
    t = np.arange(samples) / rate_hz
    pitch = 2 * np.pi * np.cumsum(140 + 25 * np.sin(2 * np.pi * 3 * t)) / rate_hz
    sound = sum(np.sin(k * pitch) / k for k in range(1, 12))
    return np.asarray(4000 * sound * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)), np.int16)


def frames(sound: Samples, rate_hz: int) -> list[Samples]:
    size = rate_hz // 50
    return [sound[i : i + size] for i in range(0, len(sound) - size + 1, size)]


def snr_db(original: Samples, copy: Samples) -> float:
    a, b = original.astype(float), copy.astype(float)
    return float(10 * np.log10(np.sum(a * a) / np.sum((a - b) ** 2)))


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_sound_survives_and_comes_late_by_the_lookahead(rate_hz: int) -> None:
    sound = voice(rate_hz, rate_hz)
    encoder, decoder = OpusEncoder(rate_hz), OpusDecoder(rate_hz)
    heard = np.concatenate([decoder.decode(encoder.encode(f)) for f in frames(sound, rate_hz)])
    window = sound[rate_hz // 4 : rate_hz // 2].astype(float)
    late = np.correlate(heard.astype(float), window, "valid").argmax() - rate_hz // 4
    assert abs(late - encoder.lookahead) < rate_hz / 2000
    assert len(heard) == len(sound)


def test_a_second_of_voice_costs_about_what_was_asked() -> None:
    encoder = OpusEncoder(16_000, bitrate_bps=24_000)
    sent = [encoder.encode(f) for f in frames(voice(16_000, 16_000), 16_000)]
    assert 12_000 < 8 * sum(map(len, sent)) < 36_000


def test_a_packet_encoded_at_16_khz_decodes_at_48() -> None:
    packet = OpusEncoder(16_000).encode(np.zeros(320, np.int16))
    assert len(OpusDecoder(48_000).decode(packet)) == 960


def test_recovering_beats_concealing() -> None:
    """The packet after a lost one repeats it coarsely; that must be nearer than a guess."""
    sound = voice(32_000, 16_000)
    encoder = OpusEncoder(16_000, bitrate_bps=32_000)
    sent = [encoder.encode(f) for f in frames(sound, 16_000)]
    lost = set(range(20, 90, 7))
    perfect, recovered, concealed = (OpusDecoder(16_000) for _ in range(3))
    errors = {"recovered": 0.0, "concealed": 0.0}
    for i, packet in enumerate(sent[:-1]):
        truth = perfect.decode(packet).astype(float)
        if i in lost:
            guess = {
                "recovered": recovered.recover(sent[i + 1], 320),
                "concealed": concealed.conceal(320),
            }
            for how, samples in guess.items():
                errors[how] += float(np.sum((samples - truth) ** 2))
        else:
            recovered.decode(packet)
            concealed.decode(packet)
    assert errors["recovered"] < 0.7 * errors["concealed"]


def test_concealment_fades_instead_of_buzzing_for_ever() -> None:
    encoder, decoder = OpusEncoder(16_000), OpusDecoder(16_000)
    for frame in frames(voice(16_000, 16_000), 16_000):
        decoder.decode(encoder.encode(frame))
    concealed = decoder.conceal(16_000)
    assert len(concealed) == 16_000
    assert np.abs(concealed[:320]).max() > 4 * np.abs(concealed[-320:]).max()


def test_without_fec_packets_are_smaller_or_equal() -> None:
    def size(fec: bool) -> int:
        encoder = OpusEncoder(16_000, bitrate_bps=32_000, fec=fec)
        return sum(len(encoder.encode(f)) for f in frames(voice(16_000, 16_000), 16_000))

    assert size(False) <= size(True)


@pytest.mark.parametrize(
    "frame",
    [np.zeros(319, np.int16), np.zeros(960, np.int16), np.zeros(320), np.zeros((1, 320), np.int16)],
)
def test_a_frame_of_the_wrong_shape_is_our_bug(frame: Samples) -> None:
    with pytest.raises(LocalProtocolError, match="320 int16"):
        OpusEncoder(16_000).encode(frame)


def test_a_view_with_gaps_is_encoded_as_what_it_shows() -> None:
    sound = voice(640, 16_000)
    straight = OpusEncoder(16_000).encode(sound[::2].copy())
    assert OpusEncoder(16_000).encode(sound[::2]) == straight


def test_odd_rates_and_odd_concealment_are_our_bugs() -> None:
    with pytest.raises(LocalProtocolError, match="22050"):
        OpusEncoder(22_050)
    with pytest.raises(LocalProtocolError, match="44100"):
        OpusDecoder(44_100)
    with pytest.raises(LocalProtocolError, match="multiples of 40"):
        OpusDecoder(16_000).conceal(321)


def test_a_setting_out_of_range_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError, match="refused"):
        OpusEncoder(16_000, complexity=11)


def test_empty_packets_are_refused() -> None:
    decoder = OpusDecoder(16_000)
    with pytest.raises(RemoteProtocolError, match="empty"):
        decoder.decode(b"")
    with pytest.raises(RemoteProtocolError, match="empty"):
        decoder.recover(b"", 320)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_garbage_gives_samples_or_a_protocol_error(garbage: bytes) -> None:
    decoder = OpusDecoder(16_000)
    try:
        assert len(decoder.decode(garbage)) <= 1920
    except RemoteProtocolError:
        pass
    assert len(decoder.conceal(320)) == 320


def test_no_library_names_the_remedy() -> None:
    with pytest.raises(AudioError, match="apt install libopus0"):
        opus.load(iter(["libopus-is-not-here.so.99"]))


def test_the_bundled_library_is_looked_for_first() -> None:
    names = list(opus.candidates())
    assert "av.libs" in names[0]
    assert isinstance(opus.load(iter(names)), ctypes.CDLL)


def test_the_systems_library_does_when_the_bundled_one_is_missing() -> None:
    names = list(opus.candidates())
    assert isinstance(opus.load(iter(["missing.so", *names])), ctypes.CDLL)


def test_encoders_give_their_memory_back() -> None:
    encoder = OpusEncoder(16_000)
    gone = weakref.ref(encoder)
    del encoder
    gc.collect()
    assert gone() is None


def sizes(encoder: OpusEncoder, sound: Samples) -> list[int]:
    return [len(encoder.encode(f)) for f in frames(sound, encoder.rate_hz)]


def test_silence_is_not_sent_if_both_sides_want_it_so() -> None:
    quiet = np.zeros(32_000, np.int16)
    for ours in (False, True):
        for theirs in (False, True):
            encoder = OpusEncoder(16_000, dtx=ours)
            encoder.heed(Wishes(dtx=theirs))
            packets = [encoder.encode(f) for f in frames(quiet, 16_000)]
            silent = sum(map(is_silence, packets))
            assert (silent > 75) if ours and theirs else silent == 0


def test_the_other_side_may_want_less_but_not_more() -> None:
    sound = voice(32_000, 16_000)
    ours, less, more = (OpusEncoder(16_000, bitrate_bps=24_000, fec=False) for _ in range(3))
    less.heed(Wishes(bitrate_bps=10_000))
    more.heed(Wishes(bitrate_bps=64_000))
    usual = sizes(ours, sound)
    assert sum(sizes(less, sound)) < 0.7 * sum(usual)
    assert sizes(more, sound) == usual


def test_who_has_no_use_for_fec_gets_none() -> None:
    sound = voice(32_000, 16_000)
    asked, refused, plain = (OpusEncoder(16_000, 32_000, fec=fec) for fec in (True, True, False))
    asked.heed(Wishes(fec=True))
    refused.heed(Wishes(fec=False))
    assert sizes(refused, sound) == sizes(plain, sound) != sizes(asked, sound)


@pytest.mark.parametrize(("playable_hz", "bandwidth"), [(8_000, 0), (16_000, 2), (48_000, 3)])
def test_what_the_other_side_cannot_play_is_not_sent(playable_hz: int, bandwidth: int) -> None:
    """The bandwidth is in the table-of-contents byte (RFC 6716, table 2)."""
    encoder = OpusEncoder(24_000, bitrate_bps=40_000)
    encoder.heed(Wishes(fec=True, rate_hz=playable_hz))
    noise = np.random.default_rng(1).normal(0, 5_000, 24_000).astype(np.int16)
    for frame in frames(noise, 24_000)[-5:]:
        config = encoder.encode(frame)[0] >> 3
        assert (config // 4 if config < 12 else 3) <= bandwidth


@pytest.mark.parametrize("dtx", [False, True])
def test_what_is_sent_is_mono(dtx: bool) -> None:
    encoder = OpusEncoder(16_000, dtx=dtx)
    assert not any(encoder.encode(f)[0] & 0b100 for f in frames(voice(16_000, 16_000), 16_000))
