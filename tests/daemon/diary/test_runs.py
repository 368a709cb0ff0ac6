"""How the program ended the time before."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgevoice.daemon.diary.runs import Runs
from edgevoice.hardware.system.state_file import StateFile


def runs(folder: Path, boot: str = "1") -> Runs:
    begun = Runs(
        StateFile(folder / "run.json"), lambda: datetime(2026, 1, 2, tzinfo=UTC), lambda: boot
    )
    begun.begin()
    return begun


def test_the_first_time_there_was_none_before(tmp_path: Path) -> None:
    assert runs(tmp_path).before == ""


@pytest.mark.parametrize(
    ("how", "boot", "said"),
    [
        (lambda run: run.end(), "1", "stopped in good order"),
        (lambda run: None, "1", "killed"),
        (lambda run: None, "2", "lost its power"),
        (lambda run: run.trouble("something broke"), "1", "something broke"),
        (lambda run: run.trouble("it stood still"), "2", "lost its power"),
    ],
)
def test_the_next_time_it_is_known_how_it_ended(tmp_path: Path, how, boot, said) -> None:
    how(runs(tmp_path))
    assert said in runs(tmp_path, boot).before


def test_what_goes_on_after_its_end_can_still_be_killed(tmp_path: Path) -> None:
    run = runs(tmp_path)
    run.end()
    run.go_on()
    assert "killed" in runs(tmp_path).before


def test_trouble_that_was_survived_is_no_end(tmp_path: Path) -> None:
    run = runs(tmp_path)
    run.trouble("something broke")
    run.end()
    assert "good order" in runs(tmp_path).before
