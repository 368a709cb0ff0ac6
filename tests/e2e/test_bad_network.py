"""Device and relay as processes on either side of a line that breaks."""

from pathlib import Path

import pytest

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.simulator.outage import Moment, Report, suffer
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

NOTICED_S = 2.5
"""A path that is gone for longer is known to be dead by then."""

MOST_LOST = 2 * FRAME_SAMPLES
"""The path may be found again before the kernel's notice has been read; none is usual."""

STARVED_S = 4.0
"""A machine that needs longer to call again has no time for the sound of ten seconds either."""

IN: dict[Moment, str] = {"sentence": "in a sentence", "answer": "in an answer"}


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


@pytest.mark.parametrize(
    ("moment", "cut_s", "again_s", "whole_within_s"),
    [
        pytest.param("sentence", 1.0, 2.0, 2.0, marks=pytest.mark.fault("link-loss-1s")),
        pytest.param("answer", 3.0, 5.0, 5.0, marks=pytest.mark.fault("link-loss-3s")),
        pytest.param("sentence", 10.0, 10.0, STARVED_S, marks=pytest.mark.fault("link-loss-10s")),
    ],
)
async def test_what_a_line_that_is_cut_off_carried_is_answered_whole(
    tmp_path: Path,
    measured: Measured,
    moment: Moment,
    cut_s: float,
    again_s: float,
    whole_within_s: float,
) -> None:
    report = await suffer(tmp_path, moment, lambda area: area.cut(), cut_s, ASKED + 1)
    if cut_s > NOTICED_S:
        assert report.noticed_s is not None and report.noticed_s < NOTICED_S
    assert report.again_s < again_s
    assert report.outcome == "answered"
    assert whole(report) or report.again_s > whole_within_s, report
    measured(f"{IN[moment]}: {words(report)}")


@pytest.mark.fault("address-change")
async def test_in_another_network_the_sentence_goes_on_without_a_break(
    tmp_path: Path, measured: Measured
) -> None:
    report = await suffer(tmp_path, "sentence", lambda area: area.change_address(), 0.0, ASKED + 1)
    assert report.noticed_s is None
    assert report.outcome == "answered" and report.lost <= MOST_LOST
    assert WHOLE_S + 0.8 < report.answer_s < WHOLE_S + 2.2
    measured(f"{IN['sentence']}: {words(report)}")
