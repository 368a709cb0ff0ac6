"""Packets that come late, twice, out of order or not at all, and what is heard of them."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.concealment import SILENT_MS
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from tests.webrtc.line import PACKET, RATE_HZ, Line, delayed, ended, packets, without
from tests.webrtc.raw_pcm import CONCEALED, RECOVERED
from tests.webrtc.test_opus import voice

MS = RATE_HZ // 1000


def loud(seconds: float) -> Samples:
    """Each sample differs from those around it, and none is quiet."""
    return (4_000 + np.arange(int(seconds * RATE_HZ)) % 20_011).astype(np.int16)


def words(seconds: float) -> Samples:
    """Half a second of sound, half a second of faint hiss, and so on."""
    sound = loud(seconds)
    hiss = np.random.default_rng(1).integers(-9, 9, len(sound)).astype(np.int16)
    speaks = (np.arange(len(sound)) // (RATE_HZ // 2)) % 2 == 0
    return np.where(speaks, sound, hiss + 10).astype(np.int16)


@pytest.mark.parametrize("block_ms", [5, 10, 20])
def test_a_steady_network_changes_nothing(block_ms: int) -> None:
    line = Line(block_ms=block_ms)
    sound = words(6)
    line.carry(ended(packets(sound)), 7)
    assert np.array_equal(line.sound, sound)
    numbers = line.jitter.statistics()
    assert numbers.received == 301
    assert numbers.lost == numbers.late == numbers.concealed_ms == numbers.compressed_ms == 0
    assert len(line.drained) == 1


def test_the_end_is_played_whole_and_nothing_is_added() -> None:
    """Also when the sender breaks off in the middle of a sound, as long as it says so."""
    line = Line()
    line.carry(ended(packets(loud(0.5))), 2)
    assert np.array_equal(line.sound, loud(0.5))
    assert line.drained[0] < 0.5 + 0.06 + 0.02
    assert line.jitter.deadline is None


def test_an_answer_shorter_than_the_wait_is_played_at_once_when_it_is_over() -> None:
    line = Line()
    line.carry(ended(packets(loud(0.02))), 0.02)
    assert np.array_equal(line.sound, loud(0.02)[: len(line.sound)])
    assert len(line.sound)


def test_an_end_that_is_quiet_need_not_be_announced() -> None:
    line = Line()
    sound = loud(1)
    sound[-PACKET:] = 3
    line.carry(packets(sound), 3)
    assert np.array_equal(line.sound, sound)
    assert line.jitter.statistics().concealed_ms == 0


def test_what_is_sent_ahead_is_played_at_once_and_never_shortened() -> None:
    """Our relay's way: 60 ms in one burst, then in real time."""
    line = Line()
    sound = words(5)
    line.carry([(max(0, at - 0.06), *rest) for at, *rest in ended(packets(sound))], 0.02)  # type: ignore[misc]
    assert len(line.sound)
    line = Line()
    line.carry([(max(0, at - 0.06), *rest) for at, *rest in ended(packets(sound))], 6)  # type: ignore[misc]
    assert np.array_equal(line.sound, sound)


def test_a_lost_packet_is_mended_in_its_place() -> None:
    line = Line()
    sound = loud(2)
    line.carry(ended(without(packets(sound), [50])), 3)
    heard = line.sound
    assert len(heard) == len(sound)
    assert set(heard[50 * PACKET : 51 * PACKET]) == {RECOVERED}
    heard[50 * PACKET : 51 * PACKET] = sound[50 * PACKET : 51 * PACKET]
    assert np.array_equal(heard, sound)
    numbers = line.jitter.statistics()
    assert (numbers.lost, numbers.recovered, numbers.concealed_ms) == (1, 1, 0)


def test_of_a_burst_the_last_is_mended_and_the_others_guessed() -> None:
    line = Line()
    sound = loud(2)
    line.carry(ended(without(packets(sound), [50, 51, 52])), 3)
    heard = line.sound
    assert len(heard) == len(sound)
    hole = heard[50 * PACKET : 53 * PACKET]
    assert set(hole[2 * PACKET :]) == {RECOVERED}
    assert hole[0] == CONCEALED
    assert (np.diff(np.abs(hole[: 2 * PACKET].astype(int))) <= 0).all()
    numbers = line.jitter.statistics()
    assert (numbers.lost, numbers.recovered, numbers.concealed_ms) == (3, 1, 40)


def test_a_long_loss_fades_and_keeps_its_length() -> None:
    line = Line()
    sound = loud(2)
    line.carry(ended(without(packets(sound), range(40, 60))), 3)
    heard = line.sound
    assert len(heard) == len(sound)
    assert np.array_equal(heard[61 * PACKET :], sound[61 * PACKET :])
    hole = heard[40 * PACKET : 59 * PACKET]
    assert not hole[SILENT_MS * MS :].any()
    assert np.abs(hole[: 20 * MS]).min() > 10_000


def test_a_swap_is_put_right() -> None:
    line = Line()
    sound = loud(1)
    line.carry(ended(delayed(packets(sound), {20: 0.021})), 2)
    assert np.array_equal(line.sound, sound)
    assert line.jitter.statistics().lost == 0


def test_a_swap_at_the_very_beginning_of_an_answer_is_put_right() -> None:
    line = Line()
    first = ended(packets(loud(0.5)))
    second = ended(packets(loud(0.5), first=len(first), at_s=3.0))
    line.carry([*first, *delayed(second, {len(first): 0.022})], 5)
    assert np.array_equal(line.sound[-len(loud(0.5)) :], loud(0.5))
    assert line.jitter.statistics().lost == 0


def test_a_last_packet_that_is_lost_is_guessed() -> None:
    """What says that the answer is over repeats nothing of it."""
    line = Line()
    line.carry(without(ended(packets(loud(0.5))), [24]), 2)
    assert len(line.sound) == len(loud(0.5))
    assert set(line.sound[24 * PACKET :]) == {CONCEALED}
    assert line.jitter.statistics().recovered == 0


def test_a_card_that_takes_large_blocks_gets_them_whole() -> None:
    line = Line(block_ms=30)
    line.carry(ended(packets(loud(5))), 6)
    numbers = line.jitter.statistics()
    assert numbers.concealed_ms <= 40
    assert len(line.drained) == 1


def test_what_comes_after_it_was_mended_is_late() -> None:
    line = Line()
    sound = loud(2)
    line.carry(ended(delayed(packets(sound), {50: 0.2})), 3)
    assert len(line.sound) == len(sound)
    numbers = line.jitter.statistics()
    assert (numbers.lost, numbers.late) == (1, 1)


@pytest.mark.fault("bad-line")
def test_no_word_is_lost_when_the_network_stops_for_a_moment() -> None:
    """200 ms: a guess bridges it, everything is heard, and the pauses make up for it."""
    line = Line()
    sound = words(6)
    late = {n: 0.2 - 0.02 * (n - 60) for n in range(60, 70)}
    line.carry(ended(delayed(packets(sound), late)), 7.5)
    numbers = line.jitter.statistics()
    assert numbers.lost == 0
    assert numbers.late >= 1
    assert 100 <= numbers.concealed_ms <= SILENT_MS
    assert numbers.compressed_ms >= 100
    assert abs(numbers.stretch_ms - numbers.concealed_ms + numbers.compressed_ms) <= 1
    spoken = sound[np.abs(sound) > 100]
    true = line.sound[(np.abs(line.sound) > 100) & (line.sound > 0)]
    assert len(spoken) - 10 <= len(true) <= len(spoken) + SILENT_MS * MS
    assert max(line.delays_ms[60:75]) > 150
    assert max(line.delays_ms[-100:]) <= 60 + 20


def test_no_delay_stays_after_a_lost_packet() -> None:
    line = Line()
    line.carry(ended(without(packets(words(6)), [30])), 7)
    assert line.delays_ms[-1] <= line.delays_ms[20] + 1


def test_the_wait_grows_with_the_jitter_and_shrinks_again() -> None:
    chance = random.Random(3)
    sound = words(20)
    jittery = {n: chance.uniform(0, 0.04) for n in range(200, 500)}
    line = Line()
    targets = []
    sent = ended(delayed(packets(sound), jittery))
    for second in range(21):
        line.carry([p for p in sent if second <= p[0] < second + 1], second + 1)
        targets.append(line.jitter.statistics().target_ms)
    assert targets[3] <= 30
    assert 45 <= targets[9] <= 60
    assert targets[18] <= 30
    numbers = line.jitter.statistics()
    assert numbers.recovered == numbers.lost <= 10
    assert numbers.concealed_ms < 100


def test_losses_make_it_wait_for_the_packet_that_mends_them() -> None:
    sound = words(10)
    line = Line()
    line.carry(ended(without(packets(sound), range(60, 480, 25))), 11)
    numbers = line.jitter.statistics()
    assert numbers.lost == 17
    assert numbers.recovered >= 16


def test_a_pause_that_was_not_sent_is_not_filled() -> None:
    line = Line()
    first, second = loud(0.5), loud(0.4)
    sent = ended(packets(first))
    line.carry([*sent, *ended(packets(second, first=len(sent), at_s=3.0))], 4)
    assert line.jitter.statistics().concealed_ms == 0
    assert len(line.drained) == 2
    assert line.playout.played_ms == 900
    assert len(line.sound) == pytest.approx(3.4 * RATE_HZ, abs=0.06 * RATE_HZ)


def test_a_pause_shorter_than_the_wait_keeps_the_wait() -> None:
    """The sender says nothing for 30 ms; what follows is not in danger for that."""
    line = Line()
    sent = ended(packets(loud(0.5)))
    line.carry([*sent, *ended(packets(loud(1), first=len(sent), at_s=0.53))], 3)
    assert line.jitter.statistics().concealed_ms == 0
    assert len(line.drained) == 1


def test_what_is_skipped_is_not_heard_and_what_follows_is() -> None:
    line = Line()
    sent = packets(loud(2))
    line.carry(sent[:50], 1)
    line.playout.flush()
    line.jitter.skip(line.now + 0.5)
    heard = len(line.heard)
    line.carry(without(sent[50:70], [53]), 1.4)
    assert not line.heard[heard + 10 * MS :].any()
    line.jitter.resume()
    line.carry(ended(sent[70:]), 3)
    assert np.array_equal(line.sound[-PACKET:], loud(2)[-PACKET:])
    assert line.jitter.statistics().concealed_ms == 0


def test_skipping_ends_by_itself() -> None:
    line = Line()
    sent = packets(loud(2))
    line.jitter.skip(line.now + 0.5)
    line.carry(ended(sent), 3)
    assert np.array_equal(line.sound, loud(2)[25 * PACKET :])


def test_what_comes_behind_a_gap_is_left_to_whoever_sends_all_of_it_again() -> None:
    """And what was guessed in the gap is not taken for heard."""
    line = Line()
    line.jitter.stop_at_gap(line.now + 1.5)
    line.carry(without(packets(loud(2)), [50, 51]), 1.4)
    assert len(line.sound) < 50 * PACKET + SILENT_MS * MS
    stretched = line.jitter.statistics().stretch_ms * MS
    assert line.playout.played_samples - stretched == 50 * PACKET


def test_a_gap_after_that_is_mended_as_ever() -> None:
    line = Line()
    line.jitter.stop_at_gap(line.now + 0.5)
    line.carry(ended(without(packets(loud(2)), [50])), 3)
    assert len(line.sound) == len(loud(2))


def test_a_damaged_packet_is_guessed() -> None:
    line = Line()
    sent = packets(loud(1))
    at, n, ticks, _ = sent[20]
    sent[20] = (at, n, ticks, b"odd")
    line.carry(ended(sent), 2)
    assert line.jitter.damaged == 1
    assert set(line.sound[20 * PACKET : 21 * PACKET]) == {CONCEALED}


def test_a_second_sender_is_not_listened_to() -> None:
    line = Line()
    line.carry(packets(loud(0.2)), 0.2)
    line.jitter.push(8, 0, 0, loud(0.02).tobytes(), line.now)
    assert line.jitter.foreign == 1


def test_a_loudspeaker_that_stands_still_is_not_filled_with_guesses() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    jitter = JitterBuffer(Line().jitter._decoder, playout, Arrivals(20, 60))
    for at, n, ticks, payload in packets(loud(1)):
        jitter.push(7, n, ticks, payload, at)
    for tenth in range(10, 60):
        jitter.expire(tenth / 10)
    assert playout.waiting_ms == 1000
    assert jitter.deadline is None


def test_the_network_is_remembered_from_one_session_to_the_next() -> None:
    line = Line()
    line.carry(ended(packets(words(4))), 5)
    again = JitterBuffer(Line().jitter._decoder, line.playout, line.arrivals)
    assert again.statistics().target_ms == 20


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_opus_is_decoded_at_the_rate_it_is_played_with(rate_hz: int) -> None:
    """A lost packet in the middle; what comes out is as long as what went in."""
    encoder = OpusEncoder(16_000)
    spoken = voice(32_000, 16_000)
    sent = [encoder.encode(spoken[i : i + 320]) for i in range(0, 32_000, 320)]
    line = Line(OpusDecoder(rate_hz))
    coded = [(i * 0.02, i, i * 960, payload) for i, payload in enumerate(sent)]
    line.carry(ended(without(coded, [40])), 3)
    assert line.playout.played_ms == 2000
    assert line.jitter.statistics().recovered == 1
    spectrum = np.abs(np.fft.rfft(line.sound))
    hertz = np.fft.rfftfreq(len(line.sound), 1 / rate_hz)
    assert spectrum[hertz < 8_000].sum() > 0.95 * spectrum.sum()


# Whatever the network does.

fates = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.3), st.none()), min_size=10, max_size=40)
"""How late each packet is, or None: lost."""


def plateaus(count: int) -> Samples:
    """Packets of one value each, so that each is recognised however it is joined."""
    return np.repeat(15_000 + 100 * np.arange(count), PACKET).astype(np.int16)


def heard_packets(heard: Samples) -> list[int]:
    """Which plateaus are heard, in the order in which they are."""
    edges = np.concatenate([[0], np.flatnonzero(np.diff(heard)) + 1, [len(heard)]])
    long = np.diff(edges) > PACKET // 4
    values = heard[edges[:-1][long]]
    return [(int(value) - 15_000) // 100 for value in values if value >= 15_000]


@settings(max_examples=40, deadline=None)
@given(fates, st.sampled_from([5, 10, 20]))
def test_order_is_kept_nothing_is_heard_twice_and_the_delay_goes_away(
    fate: list[float | None], block_ms: int
) -> None:
    """Behind the trouble there are words on a steady network."""
    sound = np.concatenate([plateaus(len(fate)), words(2.5)])
    lost = [n for n, by in enumerate(fate) if by is None]
    late = {n: by for n, by in enumerate(fate) if by}
    sent = delayed(without(ended(packets(sound)), lost), late)
    line = Line(block_ms=block_ms)
    line.carry(sent, len(sound) / RATE_HZ + 1)
    numbers = line.jitter.statistics()
    heard = heard_packets(line.heard)
    assert heard == sorted(set(heard))
    assert not set(heard) & set(lost)
    assert len(set(range(len(fate))) - set(heard)) <= numbers.lost + unheard_of(fate)
    assert line.delays_ms[-1] <= line.arrivals.max_ms + 20
    assert np.array_equal(line.sound[-PACKET * 10 :], sound[-PACKET * 10 :])
    assert numbers.received == len(sent)


def unheard_of(fate: list[float | None]) -> int:
    """Packets before the first that arrives: nobody waits for them."""
    return min((n * 0.02 + by, n) for n, by in enumerate([*fate, 0.0]) if by is not None)[1]
