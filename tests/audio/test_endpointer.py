"""Where speech begins and ends, in frames of 20 ms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.audio.endpointer import Endpointer, SpeechEnd, SpeechStart
from edgevoice.audio.frames import FRAME_SAMPLES

Report = SpeechStart | SpeechEnd


def ear() -> Endpointer:
    """Five frames of speech begin it, ten of silence end it."""
    return Endpointer(start_s=0.1, stop_s=0.2)


def hear(endpointer: Endpointer, *runs: tuple[int, float]) -> list[tuple[int, Report]]:
    """Runs of frames with one probability each; reports with the frame that brought them."""
    probabilities = [p for frames, p in runs for _ in range(frames)]
    reports = []
    for n, probability in enumerate(probabilities):
        report = endpointer.hear(probability, n * FRAME_SAMPLES)
        if report is not None:
            reports.append((n, report))
    return reports


def frame(n: int) -> int:
    return n * FRAME_SAMPLES


def test_speech_begins_where_it_began_and_is_reported_when_it_is_sure() -> None:
    assert hear(ear(), (7, 0.0), (5, 0.9)) == [(11, SpeechStart(frame(7)))]


def test_speech_ends_where_it_ended_and_is_reported_after_the_silence() -> None:
    reports = hear(ear(), (20, 0.9), (10, 0.0))
    assert reports[1:] == [(29, SpeechEnd(frame(20)))]


def test_a_pause_shorter_than_the_limit_ends_nothing() -> None:
    endpointer = ear()
    assert len(hear(endpointer, (20, 0.9), (9, 0.0), (20, 0.9), (9, 0.0))) == 1
    assert endpointer.in_speech


def test_a_click_is_no_speech() -> None:
    assert hear(ear(), (9, 0.0), (4, 0.9), (9, 0.0), (4, 0.9), (9, 0.0)) == []


def test_one_weak_frame_does_not_start_the_count_over() -> None:
    assert hear(ear(), (2, 0.0), (4, 0.9), (1, 0.2), (3, 0.9)) == [(8, SpeechStart(frame(2)))]


def test_a_click_within_a_silence_does_not_prolong_it() -> None:
    reports = hear(ear(), (20, 0.9), (4, 0.0), (2, 0.9), (4, 0.0))
    assert reports[1:] == [(29, SpeechEnd(frame(20)))]


def test_a_word_within_a_silence_does() -> None:
    reports = hear(ear(), (20, 0.9), (4, 0.0), (3, 0.9), (10, 0.0))
    assert reports[1:] == [(36, SpeechEnd(frame(27)))]


def test_wavering_below_the_threshold_goes_on_but_does_not_begin() -> None:
    assert hear(ear(), (50, 0.4)) == []
    assert len(hear(ear(), (10, 0.9), (50, 0.4))) == 1


def test_a_higher_threshold_hears_less() -> None:
    assert hear(Endpointer(0.1, 0.2, threshold=0.8), (50, 0.7)) == []


def test_reset_forgets_that_somebody_was_speaking() -> None:
    endpointer = ear()
    hear(endpointer, (20, 0.9), (5, 0.0))
    endpointer.reset()
    assert not endpointer.in_speech
    assert hear(endpointer, (30, 0.0)) == []


def test_indices_are_those_of_the_frames_not_of_the_call() -> None:
    endpointer = ear()
    reports = [endpointer.hear(0.9, 1_000_000 + frame(n)) for n in range(5)]
    assert reports[-1] == SpeechStart(1_000_000)


@given(st.lists(st.sampled_from([0.0, 0.4, 0.9]), max_size=300))
def test_begins_and_ends_take_turns_in_order(probabilities: list[float]) -> None:
    reports = hear(ear(), *[(1, p) for p in probabilities])
    kinds = [type(report) for _, report in reports]
    assert kinds == [SpeechStart, SpeechEnd] * (len(kinds) // 2) + [SpeechStart] * (len(kinds) % 2)
    samples = [report.sample for _, report in reports]
    assert samples == sorted(samples)
    assert all(report.sample <= frame(n) for n, report in reports)


@pytest.mark.parametrize("seconds", [0.0, 0.001])
def test_the_shortest_limits_are_one_frame(seconds: float) -> None:
    reports = hear(Endpointer(seconds, seconds), (1, 0.9), (1, 0.0))
    assert reports == [(0, SpeechStart(0)), (1, SpeechEnd(frame(1)))]
