"""Base64 to samples and back, in each of the formats."""

import base64

import numpy as np
import pytest

from edgevoice.audio.g711 import MU_LAW
from edgevoice.config import LimitsConfig
from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime.session import PCM, AudioFormat
from edgevoice.relay.carrying.sound_format import (
    IncomingSound,
    OutgoingSound,
    checked,
    event_bytes,
    message_bytes,
)

MU = AudioFormat("audio/pcmu")
FORMATS = pytest.mark.parametrize("format", [PCM, MU, AudioFormat("audio/pcma")])


def tone(rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    clock = np.arange(round(rate_hz * seconds)) / rate_hz
    return (8_000 * np.sin(2 * np.pi * 440 * clock)).astype(np.int16)


def test_a_format_is_told_as_it_is():
    assert checked(AudioFormat("audio/pcm"), "x") == PCM
    assert checked(AudioFormat("audio/pcmu", 8_000), "x") == MU
    for wrong in (AudioFormat("audio/pcm", 16_000), AudioFormat("audio/pcmu", 24_000)):
        with pytest.raises(RemoteProtocolError, match="x: "):
            checked(wrong, "x")


@FORMATS
def test_what_goes_out_comes_in_again(format):
    outgoing, incoming = OutgoingSound(format), IncomingSound()
    deltas = [*outgoing.push(tone(24_000)), *outgoing.finish()]
    heard = np.concatenate([incoming.push(format, delta) for delta in deltas])
    assert 15_950 < len(heard) <= 16_000
    wanted = tone(16_000)[: len(heard)]
    middle = slice(2_000, 14_000)
    error = np.abs(heard[middle].astype(int) - wanted[middle])
    assert error.max() < 700


@FORMATS
def test_pieces_are_short_and_however_cut_the_same(format):
    once, often = OutgoingSound(format), OutgoingSound(format)
    whole = [*once.push(tone(24_000)), *once.finish()]
    pieces = [piece for block in np.split(tone(24_000), 40) for piece in often.push(block)]
    pieces += often.finish()
    assert max(len(base64.b64decode(piece)) for piece in whole) <= 9_600
    assert len(b"".join(map(base64.b64decode, whole))) == 2 * len(tone(24_000)) // (
        1 if format == PCM else 6
    )
    assert len(b"".join(map(base64.b64decode, pieces))) == len(
        b"".join(map(base64.b64decode, whole))
    )


def test_another_format_begins_another_stream():
    incoming = IncomingSound()
    incoming.push(PCM, base64.b64encode(tone(24_000).tobytes()).decode())
    heard = incoming.push(MU, base64.b64encode(MU_LAW.encode(tone(8_000))).decode())
    assert 15_950 < len(heard) <= 16_000


def test_messages_are_as_long_as_their_sound_may_be():
    limits = LimitsConfig()
    assert message_bytes(limits) > limits.append_bytes * 4 / 3
    assert limits.event_bytes < event_bytes(limits) < message_bytes(limits)
    small = LimitsConfig(append_bytes=1_024)
    assert event_bytes(small) == message_bytes(small) == small.event_bytes
