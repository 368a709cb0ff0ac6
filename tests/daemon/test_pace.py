"""Too slow a processor: whole stretches are left out, and that is said now and then."""

import logging

import pytest

from edgevoice.daemon.pace import BEHIND_S, Pace
from tests.daemon.test_hostile_audio import Head
from tests.fault_report import Measured
from tests.recordings import quiet, scene

FRAME_S = 0.02


class Board:
    """Each frame takes `costs` times its own length to be listened to, and nothing to be left out;
    `listened` tells of each."""

    def __init__(self, costs: float) -> None:
        self.costs = costs
        self.captured_at = self.now = 0.0
        self.worst_s = 0.0
        self.listened: list[bool] = []
        self.told: list[float] = []
        self.pace = Pace(lambda: self.now)
        self.pace.behind_s = lambda: self.now - self.captured_at
        self.pace.on_slow = self.told.append

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.captured_at += FRAME_S
            self.now = max(self.now, self.captured_at)
            self.worst_s = max(self.worst_s, self.now - self.captured_at)
            listens = self.pace.has_time()
            self.listened.append(listens)
            self.now += FRAME_S * self.costs if listens else 0.0


def test_a_board_with_time_listens_to_everything() -> None:
    board = Board(costs=0.9)
    board.live(60)
    assert all(board.listened) and not board.told


def test_a_moment_in_which_it_stood_still_is_made_good() -> None:
    board = Board(costs=0.1)
    board.live(1)
    board.now += 1.0
    board.live(60)
    assert all(board.listened) and not board.told
    assert board.now == pytest.approx(board.captured_at, abs=0.02)


@pytest.mark.fault("slow-cpu")
@pytest.mark.parametrize(("costs", "share"), [(1.5, 0.66), (3.0, 0.33), (10.0, 0.1)])
def test_one_without_listens_to_what_it_can_and_never_falls_behind(
    costs: float, share: float, measured: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board(costs)
    board.live(600)
    assert board.worst_s < BEHIND_S + costs * FRAME_S + 0.001
    assert sum(board.listened) / len(board.listened) == pytest.approx(share, abs=0.05)
    assert board.pace.skipped_s == pytest.approx(600 * (1 - share), rel=0.1)
    assert 9 <= len(board.told) <= 11
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert len(caplog.records) == len(board.told)
    assert "the processor is too slow" in caplog.text
    measured(
        f"listening {costs:g} times too slow: {share:.0%} is listened to,"
        f" {board.worst_s:.1f} s behind at most"
    )


def test_what_it_listens_to_is_long_enough_for_a_word() -> None:
    board = Board(costs=1.5)
    board.live(60)
    stretches = "".join("x" if listens else " " for listens in board.listened).split()
    assert min(len(stretch) for stretch in stretches[:-1]) * FRAME_S > 1.0


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.fault("slow-cpu")
def test_what_is_left_out_is_captured_and_its_name_is_heard_behind_it() -> None:
    head = Head()
    head.ears.pace.behind_s = lambda: BEHIND_S + 0.1
    head.hear(scene(0.5, "alexa_107", 1.0))
    assert not head.inputs
    assert head.ring.end >= head.captured - 320
    assert head.ears.findings()["skipped_s"] == pytest.approx(head.captured / 16_000, abs=0.06)
    head.ears.pace.behind_s = lambda: 0.0
    head.hear(quiet(0.2))
    assert head.hears_its_name()
