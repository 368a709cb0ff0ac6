"""What the loudspeaker gets: the answer, exactly counted, stopped without a click."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import LONGEST_ANSWER_S, PlayoutBuffer

RATE = 24_000
BLOCK = RATE // 50


def tone(samples: int, level: int = 10_000) -> Samples:
    return np.full(samples, level, np.int16)


def steepest(samples: Samples) -> int:
    """The largest step between neighbours: what a click is made of."""
    return int(np.abs(np.diff(samples.astype(np.int32))).max())


class Diary:
    """Writes down what the buffer tells."""

    def __init__(self, playout: PlayoutBuffer) -> None:
        self.lines: list[str] = []
        playout.on_started = lambda: self.lines.append("started")
        playout.on_drained = lambda played_ms: self.lines.append(f"drained {played_ms}")


def test_nothing_to_play_is_silence_of_the_length_asked_for() -> None:
    playout = PlayoutBuffer(RATE)
    assert np.array_equal(playout.pull(BLOCK), np.zeros(BLOCK, np.int16))
    assert playout.is_empty


def test_who_plays_nothing_makes_nothing() -> None:
    playout = PlayoutBuffer(RATE)
    silence = playout.pull(BLOCK)
    assert playout.pull(BLOCK) is silence
    assert not silence.flags.writeable
    playout.push(tone(BLOCK))
    playout.mix(tone(BLOCK), name="chime")
    assert playout.pull(BLOCK).any()
    while (block := playout.pull(BLOCK)) is not silence:
        assert len(block) == BLOCK
    assert playout.level == 0.0


def test_a_volume_changed_in_silence_is_there_when_sound_comes() -> None:
    playout = PlayoutBuffer(RATE)
    playout.pull(BLOCK)
    playout.volume = 0.5
    for _ in range(RATE // BLOCK):
        playout.pull(BLOCK)
    playout.push(tone(BLOCK))
    assert abs(int(playout.pull(BLOCK)[0]) - 5_000) <= 1


@given(
    pieces=st.lists(st.integers(0, 2000), max_size=10),
    pulls=st.lists(st.integers(0, 1500), max_size=10),
)
def test_what_is_pulled_is_what_was_pushed_then_silence(
    pieces: list[int], pulls: list[int]
) -> None:
    playout = PlayoutBuffer(RATE)
    pushed = (np.arange(sum(pieces)) % 30_000 + 1).astype(np.int16)
    for piece in np.split(pushed, np.cumsum(pieces)):
        playout.push(piece)
    heard = [playout.pull(n) for n in pulls]
    assert [len(block) for block in heard] == pulls
    expected = np.zeros(sum(pulls), np.int16)
    expected[: len(pushed)] = pushed[: len(expected)]
    assert np.array_equal(np.concatenate([*heard, pushed[:0]]), expected)
    assert playout.played_ms == min(sum(pulls), len(pushed)) * 1000 // RATE


def test_it_tells_when_an_answer_starts_and_when_it_runs_out() -> None:
    playout = PlayoutBuffer(RATE)
    diary = Diary(playout)
    playout.pull(BLOCK)
    playout.push(tone(2 * BLOCK))
    playout.pull(BLOCK)
    playout.pull(BLOCK)
    assert diary.lines == ["started"], "exactly used up: more may come in time"
    playout.pull(BLOCK)
    playout.pull(BLOCK)
    assert diary.lines == ["started", "drained 40"]


def test_an_answer_that_goes_on_after_a_gap_goes_on_counting() -> None:
    playout = PlayoutBuffer(RATE)
    diary = Diary(playout)
    for _ in range(2):
        playout.push(tone(BLOCK))
        playout.pull(2 * BLOCK)
    assert diary.lines == ["started", "drained 20", "started", "drained 40"]


def test_a_new_answer_counts_from_its_own_first_sample() -> None:
    playout = PlayoutBuffer(RATE)
    diary = Diary(playout)
    playout.push(tone(3 * BLOCK))
    playout.pull(BLOCK)
    playout.begin_answer()
    playout.push(tone(2 * BLOCK))
    playout.pull(2 * BLOCK)
    assert (playout.played_ms, diary.lines) == (0, ["started"]), "still the earlier answer"
    playout.pull(BLOCK)
    assert (playout.played_ms, diary.lines) == (20, ["started", "started"])
    assert playout.flush() == 20


def test_flush_stops_within_5_ms_and_says_what_was_heard() -> None:
    playout = PlayoutBuffer(RATE)
    diary = Diary(playout)
    playout.push(tone(50 * BLOCK))
    before = playout.pull(BLOCK)
    assert playout.flush() == 20
    after = playout.pull(BLOCK)
    fade = RATE * 5 // 1000
    assert not after[fade:].any()
    assert steepest(np.concatenate((before, after))) < 200
    assert playout.is_empty
    playout.pull(BLOCK)
    assert diary.lines == ["started"], "who flushes knows; nobody is told"
    assert playout.played_ms == 20, "what faded out does not count as heard"


def test_after_a_flush_the_next_answer_is_loud_again() -> None:
    playout = PlayoutBuffer(RATE)
    playout.push(tone(10 * BLOCK))
    playout.duck(0.2)
    playout.pull(2 * BLOCK)
    playout.flush()
    playout.pull(BLOCK)
    playout.begin_answer()
    playout.push(tone(BLOCK))
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK))


def test_ducking_is_quick_and_without_a_click() -> None:
    playout = PlayoutBuffer(RATE)
    playout.push(tone(20 * BLOCK))
    playout.pull(BLOCK)
    playout.duck(0.25)
    down = playout.pull(BLOCK)
    assert down[-1] == 2500
    assert steepest(down) < 50
    playout.duck(1.0)
    up = playout.pull(BLOCK)
    assert up[-1] == 10_000
    assert steepest(up) < 50


def test_a_sound_is_not_ducked_and_the_answer_makes_way_for_it() -> None:
    playout = PlayoutBuffer(RATE)
    playout.duck(0.5)
    playout.pull(BLOCK)
    playout.push(tone(5 * BLOCK, 1000))
    playout.mix(tone(2 * BLOCK, 300))
    assert steepest(playout.pull(BLOCK)) < 20, "gradually"
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 250 + 300))
    playout.pull(BLOCK)
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 500))


@pytest.mark.parametrize("level", [16_000, 30_000])
def test_a_sound_over_a_loud_answer_never_clips(level: int) -> None:
    """Ours peak at half of full scale; a louder one is pressed."""
    playout = PlayoutBuffer(RATE)
    angle = 2 * np.pi * np.arange(4 * BLOCK) / RATE
    answer = (32_000 * np.sin(300 * angle)).astype(np.int16)
    chime = (level * np.sin(1000 * angle) * np.clip(angle * 20, 0, 1)).astype(np.int16)
    playout.push(answer)
    playout.mix(chime)
    heard = np.concatenate([playout.pull(BLOCK) for _ in range(4)])
    assert np.abs(heard.astype(np.int32)).max() < 32_767
    spectrum = np.abs(np.fft.rfft(heard[BLOCK:] * np.hanning(3 * BLOCK)))
    at_chime, at_answer = spectrum[60], spectrum[18]  # 16.7 Hz a line
    assert at_chime > 0.9 * level / 32_000 * at_answer, "not drowned"


def test_a_sound_alone_is_no_answer() -> None:
    playout = PlayoutBuffer(RATE)
    diary = Diary(playout)
    playout.mix(tone(2 * BLOCK))
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK))
    assert playout.is_empty
    playout.pull(2 * BLOCK)
    assert (diary.lines, playout.played_ms) == ([], 0)


def test_a_repeated_sound_goes_on_until_stopped_and_has_no_seam() -> None:
    playout = PlayoutBuffer(RATE)
    sound = np.arange(1, 701).astype(np.int16)
    playout.mix(sound, repeat=True)
    heard = np.concatenate([playout.pull(BLOCK) for _ in range(10)])
    assert np.array_equal(heard, np.resize(sound, len(heard)))
    playout.stop_sounds()
    rest = playout.pull(BLOCK)
    assert not rest[RATE * 5 // 1000 :].any()
    assert not playout.pull(BLOCK).any()


def test_too_loud_together_is_clipped_not_wrapped() -> None:
    playout = PlayoutBuffer(RATE)
    playout.push(tone(BLOCK, 30_000))
    playout.mix(tone(BLOCK, 30_000))
    heard = playout.pull(BLOCK)
    assert heard.min() > 30_000


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=50))
def test_whatever_is_mixed_keeps_its_sign(samples: list[int]) -> None:
    playout = PlayoutBuffer(RATE)
    loud = np.array(samples, np.int16)
    for _ in range(3):
        playout.mix(loud)
    heard = playout.pull(len(loud))
    assert np.array_equal(np.sign(heard), np.sign(loud))
    assert (np.abs(heard.astype(np.int32)) >= np.abs(loud.astype(np.int32)) * 0.75 - 1).all()


def test_volume_holds_for_answers_and_sounds() -> None:
    playout = PlayoutBuffer(RATE)
    playout.volume = 0.5
    playout.pull(BLOCK)
    playout.push(tone(BLOCK, 1000))
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 500))
    playout.mix(tone(BLOCK, 1000))
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 500))
    playout.volume = 7.0
    assert playout.volume == 1.0


def test_one_sound_too_many_takes_the_place_of_the_oldest() -> None:
    playout = PlayoutBuffer(RATE)
    for level in (1, 10, 100, 1000, 10_000):
        playout.mix(tone(BLOCK, level))
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 11_110))


def test_more_than_a_minute_waiting_is_dropped_from_the_front_and_counted() -> None:
    playout = PlayoutBuffer(RATE)
    longest = int(LONGEST_ANSWER_S * RATE)
    playout.push(tone(RATE, 1))
    playout.push(tone(longest, 2))
    assert playout.dropped_samples == RATE
    assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 2))


def test_a_position_counts_what_was_dropped_of_the_answer_and_of_the_one_before() -> None:
    """Truncation cuts the relay's own audio, which has no hole."""
    playout = PlayoutBuffer(RATE)
    longest = int(LONGEST_ANSWER_S * RATE)
    playout.push(tone(RATE, 1))
    playout.begin_answer()
    playout.push(tone(longest, 2))
    assert playout.played_samples == 0, "only the earlier one was dropped"
    playout.push(tone(BLOCK, 3))
    playout.pull(7)
    assert playout.played_samples == BLOCK + 7


def test_the_position_is_exact_to_the_sample() -> None:
    playout = PlayoutBuffer(RATE)
    playout.push(tone(100))
    playout.begin_answer()
    playout.push(tone(1_000))
    playout.mix(tone(2_000))
    for n in (60, 60, 333):
        playout.pull(n)
    assert playout.played_samples == 353
    assert playout.flush() == 353 * 1000 // RATE
    playout.pull(BLOCK)
    assert playout.played_samples == 353, "nothing of what fades out, no silence, no sound"


def test_who_flushes_before_the_new_answer_was_heard_is_told_so() -> None:
    playout = PlayoutBuffer(RATE)
    playout.push(tone(BLOCK))
    playout.begin_answer()
    playout.push(tone(BLOCK))
    playout.pull(BLOCK)
    assert playout.flush() == 0
    playout.begin_answer()
    playout.push(tone(BLOCK))
    playout.pull(BLOCK // 2)
    assert playout.played_samples == BLOCK // 2, "nothing earlier is left to wait for"


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
class TestInTime:
    """At every rate a card may have."""

    def test_ducked_by_14_db_within_20_ms(self, rate_hz: int) -> None:
        playout = PlayoutBuffer(rate_hz)
        playout.push(tone(rate_hz))
        playout.pull(rate_hz // 100)
        playout.duck(0.2)
        after = np.concatenate([playout.pull(rate_hz // 100) for _ in range(3)])
        assert (after[rate_hz // 50 :] == 2_000).all()

    def test_silent_within_5_ms_of_a_flush(self, rate_hz: int) -> None:
        playout = PlayoutBuffer(rate_hz)
        playout.push(tone(rate_hz))
        before = playout.pull(rate_hz // 100)
        playout.flush()
        after = playout.pull(rate_hz // 100)
        assert not after[rate_hz * 5 // 1000 :].any()
        assert steepest(np.concatenate((before, after))) < 10_000 * 2 / (rate_hz * 0.005)


class TestDither:
    def test_there_are_no_zeros_for_an_amplifier_to_fall_asleep_over(self) -> None:
        playout = PlayoutBuffer(RATE, dither=True)
        silence = np.concatenate([playout.pull(BLOCK) for _ in range(100)])
        assert set(np.unique(silence)) == {-1, 1}
        assert abs(silence.mean()) < 0.05

    def test_what_is_played_stays_as_it_is(self) -> None:
        playout = PlayoutBuffer(RATE, dither=True)
        playout.push(tone(BLOCK, 700))
        assert np.array_equal(playout.pull(BLOCK), tone(BLOCK, 700))

    def test_without_it_silence_is_silence(self) -> None:
        assert not PlayoutBuffer(RATE).pull(BLOCK).any()


def test_stereo_and_floats_are_refused() -> None:
    playout = PlayoutBuffer(RATE)
    with pytest.raises(ValueError, match="mono int16"):
        playout.push(np.zeros(10, np.float32))  # type: ignore[arg-type]


def test_callbacks_may_use_the_buffer() -> None:
    playout = PlayoutBuffer(RATE)
    told: list[int] = []
    playout.on_started = lambda: told.append(playout.flush())
    playout.push(tone(2 * BLOCK))
    playout.pull(BLOCK)
    assert told == [20]


def test_pushed_and_pulled_by_two_threads_every_sample_arrives_once() -> None:
    playout = PlayoutBuffer(RATE)
    total = 40 * BLOCK
    answer = (np.arange(total) % 30_000 + 1).astype(np.int16)

    def push() -> None:
        for piece in np.split(answer, range(97, total, 97)):
            playout.push(piece)

    pusher = threading.Thread(target=push)
    pusher.start()
    heard = []
    while pusher.is_alive() or not playout.is_empty:
        heard.append(playout.pull(311))
    pusher.join()
    sound = np.concatenate(heard)
    assert np.array_equal(sound[sound != 0], answer)


def test_the_level_is_the_answer_s_alone_and_gone_with_it() -> None:
    playout = PlayoutBuffer(RATE)
    playout.push(tone(BLOCK, 16_384))
    playout.mix(tone(3 * BLOCK, 30_000))
    playout.pull(BLOCK)
    assert playout.level == 0.5
    playout.pull(BLOCK)
    assert playout.level == 0.0
