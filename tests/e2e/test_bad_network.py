"""Device and relay as processes on either side of a line that breaks."""

from pathlib import Path

import pytest

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.simulator.outage import suffer

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


async def test_an_answer_that_is_cut_off_for_three_seconds_is_heard_whole(tmp_path: Path) -> None:
    report = await suffer(tmp_path, "answer", lambda area: area.cut(), 3.0, ASKED + 1)
    assert report.noticed_s is not None and report.noticed_s < 2.5
    assert report.again_s < 5.0
    assert (report.outcome, report.lost) == ("answered", 0)
    assert WHOLE_S + 0.8 < report.answer_s < WHOLE_S + 2.2


async def test_in_another_network_the_sentence_goes_on_without_a_break(tmp_path: Path) -> None:
    report = await suffer(tmp_path, "sentence", lambda area: area.change_address(), 0.0, ASKED + 1)
    assert report.noticed_s is None
    assert report.outcome == "answered" and report.lost <= MOST_LOST
    assert WHOLE_S + 0.8 < report.answer_s < WHOLE_S + 2.2
