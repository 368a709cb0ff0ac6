"""Boards without a battery wake up in 1970."""

from pathlib import Path

import pytest

from edgevoice.doctor.checks.clock import SYNCHRONISED, clock
from tests.doctor.boards import NOW, Board, only


@pytest.mark.parametrize("now", [0.0, 1_700_000_000.0, 5_000_000_000.0])
def test_a_time_that_cannot_be(tmp_path: Path, now: float) -> None:
    found = only(clock(Board(tmp_path, {SYNCHRONISED: ""}, now=now).machine))
    assert found.level == "fail" and "set-ntp true" in found.todo


def test_set_by_timesyncd(tmp_path: Path) -> None:
    assert only(clock(Board(tmp_path, {SYNCHRONISED: ""}).machine)).level == "ok"


@pytest.mark.parametrize(("said", "level"), [("yes\n", "ok"), ("no\n", "warn")])
def test_set_by_another(tmp_path: Path, said: str, level: str) -> None:
    board = Board(tmp_path, says={"timedatectl show": said}, now=NOW)
    assert only(clock(board.machine)).level == level
