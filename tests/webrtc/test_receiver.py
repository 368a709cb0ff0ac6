import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.webrtc.receiver import Receiver
from edgevoice.webrtc.silence import FALLS_SILENT, silence
from tests.webrtc.raw_pcm import CONCEALED, RECOVERED, RawPcm, ramp

FIRST = 2**32 - 5_000


class Stream:
    """What a receiver made of the packets it was given: samples by index."""

    def __init__(self, first_timestamp: int | None = FIRST) -> None:
        self.samples: dict[int, int] = {}
        self.receiver = Receiver(RawPcm(), self.hear, first_timestamp)

    def hear(self, index: int, samples: Samples) -> None:
        assert index >= len(self.samples)
        for i, sample in enumerate(samples, index):
            assert i not in self.samples
            self.samples[i] = int(sample)

    def push(self, number: int, ssrc: int = 7, shift: int = 0, size: int = FRAME_SAMPLES) -> None:
        start = number * FRAME_SAMPLES + shift
        payload = ramp(start, start + size).tobytes()
        self.receiver.push(ssrc, number % 2**16, (FIRST + 3 * start) % 2**32, payload, 0.0)

    def frame(self, number: int) -> list[int]:
        start = number * FRAME_SAMPLES
        return [self.samples[i] for i in range(start, start + FRAME_SAMPLES)]


def truth(number: int) -> list[int]:
    start = number * FRAME_SAMPLES
    return [int(sample) for sample in ramp(start, start + FRAME_SAMPLES)]


def test_of_three_lost_packets_the_last_is_recovered() -> None:
    stream = Stream()
    for number in (0, 4, 5):
        stream.push(number)
    stream.receiver.expire(1.0)
    assert stream.frame(1) == stream.frame(2) == [CONCEALED] * FRAME_SAMPLES
    assert stream.frame(3) == [RECOVERED] * FRAME_SAMPLES
    assert [stream.frame(n) for n in (0, 4, 5)] == [truth(n) for n in (0, 4, 5)]
    assert (stream.receiver.lost, stream.receiver.concealed, stream.receiver.recovered) == (3, 2, 1)


@given(st.sets(st.integers(0, 28)), st.permutations(range(30)))
def test_a_sample_is_at_its_index_or_concealed(lost: set[int], order: list[int]) -> None:
    stream = Stream()
    for number in sorted(range(30), key=lambda n: (n // 5, order.index(n))):
        if number not in lost:
            stream.push(number)
    stream.receiver.expire(1.0)
    for number in range(30):
        if number in lost:
            assert set(stream.frame(number)) <= {CONCEALED, RECOVERED}
        else:
            assert stream.frame(number) == truth(number)
    assert stream.receiver.samples == 30 * FRAME_SAMPLES
    assert stream.receiver.concealed + stream.receiver.recovered == len(lost)


def test_a_closed_gate_leaves_indices_out() -> None:
    stream = Stream()
    stream.push(0)
    start = 50 * FRAME_SAMPLES
    stream.receiver.push(7, 1, (FIRST + 3 * start) % 2**32, ramp(start, start + 320).tobytes(), 0.0)
    assert stream.frame(50) == truth(50)
    assert FRAME_SAMPLES not in stream.samples
    assert stream.receiver.lost == 0


def test_a_damaged_packet_is_concealed() -> None:
    stream = Stream()
    stream.receiver.push(7, 0, FIRST, b"odd", 0.0)
    stream.push(1)
    assert stream.frame(0) == [CONCEALED] * FRAME_SAMPLES
    assert stream.frame(1) == truth(1)
    assert stream.receiver.damaged == 1


def test_a_second_sender_is_not_listened_to() -> None:
    stream = Stream()
    stream.push(0)
    stream.push(1, ssrc=8)
    assert len(stream.samples) == FRAME_SAMPLES
    assert stream.receiver.foreign == 1


def test_an_overlap_is_handed_on_once() -> None:
    stream = Stream()
    stream.push(0)
    stream.push(1, shift=-100)
    assert [stream.samples[i] for i in range(540)] == list(map(int, ramp(0, 540)))


def test_packets_of_60_ms_are_concealed_at_their_length() -> None:
    stream = Stream()
    for number in (0, 2):
        start = number * 960
        payload = ramp(start, start + 960).tobytes()
        stream.receiver.push(7, number, (FIRST + 3 * start) % 2**32, payload, 0.0)
    stream.receiver.expire(1.0)
    heard = np.array([stream.samples[i] for i in range(2880)])
    assert (heard[960:1920] == RECOVERED).all()
    assert np.array_equal(heard[1920:], ramp(1920, 2880))


def test_a_browser_begins_where_it_is_first_heard() -> None:
    stream = Stream(first_timestamp=None)
    stream.push(10)
    assert min(stream.samples) == 0


def test_silence_that_was_told_is_as_long_as_was_said() -> None:
    stream = Stream()
    stream.push(0)
    stream.receiver.push(7, 1, (FIRST + 960) % 2**32, silence(3), 0.0)
    start = 4 * FRAME_SAMPLES
    speech = ramp(start, start + 320).tobytes()
    stream.receiver.push(7, 2, (FIRST + 3 * start) % 2**32, speech, 0.0)
    assert stream.frame(1) + stream.frame(2) + stream.frame(3) == [0] * (3 * FRAME_SAMPLES)
    assert stream.frame(4) == truth(4)
    assert stream.receiver.samples == 5 * FRAME_SAMPLES
    assert stream.receiver.concealed == stream.receiver.lost == 0


def test_a_packet_lost_behind_a_silence_is_no_longer_than_others() -> None:
    stream = Stream()
    stream.receiver.push(7, 0, FIRST, silence(3), 0.0)
    start = 4 * FRAME_SAMPLES
    speech = ramp(start, start + 320).tobytes()
    stream.receiver.push(7, 2, (FIRST + 3 * start) % 2**32, speech, 0.0)
    stream.receiver.expire(1.0)
    assert stream.frame(3) == [RECOVERED] * FRAME_SAMPLES
    assert stream.frame(4) == truth(4)


def test_what_goes_before_a_silence_is_not_in_it() -> None:
    stream = Stream()
    stream.push(0)
    stream.receiver.push(7, 2, (FIRST + 1920) % 2**32, silence(1), 0.0)
    stream.receiver.expire(1.0)
    assert stream.frame(1) == [CONCEALED] * FRAME_SAMPLES
    assert stream.receiver.concealed == 1


def test_a_browser_that_falls_silent_is_silent_until_it_is_heard_again() -> None:
    stream = Stream()
    stream.receiver.push(7, 0, FIRST, FALLS_SILENT, 0.0)
    start = 20 * FRAME_SAMPLES
    speech = ramp(start, start + 320).tobytes()
    stream.receiver.push(7, 1, (FIRST + 3 * start) % 2**32, speech, 0.4)
    assert stream.frame(1) == stream.frame(19) == [0] * FRAME_SAMPLES
    assert stream.frame(20) == truth(20)


def test_hours_of_silence_are_left_out() -> None:
    stream = Stream()
    stream.receiver.push(7, 0, FIRST, FALLS_SILENT, 0.0)
    start = 200 * FRAME_SAMPLES
    speech = ramp(start, start + 320).tobytes()
    stream.receiver.push(7, 1, (FIRST + 3 * start) % 2**32, speech, 4.0)
    assert stream.receiver.samples == 201 * FRAME_SAMPLES
    assert len(stream.samples) == 2 * FRAME_SAMPLES
