"""Device and relay as processes on either side of a line that breaks."""

from pathlib import Path

import pytest

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.simulator.outage import Report, suffer
from tests.fault_report import Measured

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.models,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.usefixtures("namespaces"),
]

ASKED = 2
WHOLE_S = 1.9
"""How long the answer to that sounds."""


MOST_LOST = 2 * FRAME_SAMPLES
"""The path may be found again before the kernel's notice has been read; none is usual."""


STARVED_S = 4.0
"""A machine that needs longer to call again has no time for the sound of ten seconds either."""


def whole(report: Report) -> bool:
    """Nothing was lost, and the answer was heard to its end, once."""
    return (report.outcome, report.lost) == ("answered", 0) and (
        WHOLE_S + 0.8 < report.answer_s < WHOLE_S + 2.2
    )


def words(report: Report) -> str:
    noticed = "no break" if report.noticed_s is None else f"noticed after {report.noticed_s:.1f} s"
    return (
        f"{noticed}, again {report.again_s:.1f} s after the path's return,"
        f" {report.lost} samples lost, {report.outcome}"
    )


@pytest.mark.fault("link-loss-1s")
async def test_a_sentence_over_a_line_that_is_away_for_a_second_goes_on(
    tmp_path: Path, measured: Measured
) -> None:
    report = await suffer(tmp_path, "sentence", lambda area: area.cut(), 1.0, ASKED + 1)
    assert whole(report), report
    assert report.again_s < 2.0
    measured(f"in a sentence: {words(report)}")


@pytest.mark.fault("link-loss-3s")
async def test_an_answer_that_is_cut_off_for_three_seconds_is_heard_whole(
    tmp_path: Path, measured: Measured
) -> None:
    report = await suffer(tmp_path, "answer", lambda area: area.cut(), 3.0, ASKED + 1)
    assert report.noticed_s is not None and report.noticed_s < 2.5
    assert report.again_s < 5.0
    assert whole(report), report
    measured(f"in an answer: {words(report)}")


@pytest.mark.fault("link-loss-10s")
async def test_a_sentence_that_is_cut_off_for_ten_seconds_is_answered_all_the_same(
    tmp_path: Path, measured: Measured
) -> None:
    report = await suffer(tmp_path, "sentence", lambda area: area.cut(), 10.0, ASKED + 1)
    assert report.noticed_s is not None and report.noticed_s < 2.5
    assert report.outcome == "answered"
    assert whole(report) or report.again_s > STARVED_S, report
    assert report.again_s < 10.0
    measured(f"in a sentence: {words(report)}")


@pytest.mark.fault("address-change")
async def test_in_another_network_the_sentence_goes_on_without_a_break(
    tmp_path: Path, measured: Measured
) -> None:
    report = await suffer(tmp_path, "sentence", lambda area: area.change_address(), 0.0, ASKED + 1)
    assert report.noticed_s is None
    assert report.outcome == "answered" and report.lost <= MOST_LOST
    assert WHOLE_S + 0.8 < report.answer_s < WHOLE_S + 2.2
    measured(f"in a sentence: {words(report)}")
