"""The watchdog is fed from progress, and starves when the device is deaf."""

from dataclasses import replace

from edgevoice.daemon.watchdog import Progress, moved

BEFORE = Progress(captured=100, scored=10, capture_expected=True)


def test_progress_of_capture_and_scoring_counts_as_alive() -> None:
    assert moved(BEFORE, Progress(200, 11, True))


def test_a_microphone_that_delivers_nothing_is_not_alive() -> None:
    assert not moved(BEFORE, replace(BEFORE, scored=11))


def test_a_wake_word_that_is_not_scored_is_not_alive() -> None:
    assert not moved(BEFORE, replace(BEFORE, captured=200))


def test_a_muted_device_may_stand_still() -> None:
    assert moved(BEFORE, replace(BEFORE, capture_expected=False))
