"""The doctor points to what was kept of failures, and takes nobody's words along."""

from datetime import UTC, datetime
from pathlib import Path

from edgevoice.config import Config
from edgevoice.daemon.diary.failures import Failure, Failures
from edgevoice.doctor.bundle.contents import sheets
from edgevoice.doctor.checks.failures import failures
from edgevoice.errors import ControlError
from tests.doctor.boards import Board

CONFIG = Config()
STATE = CONFIG.control.state_dir.lstrip("/")


def nobody(socket: str, command: str) -> dict[str, object]:
    raise ControlError("nobody runs")


def failed(board: Board) -> None:
    made = Failures(board.root / STATE, lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    places = "  /opt/x/edgevoice/daemon/app.py:7 run\n  /home/anna/own.py:1 secret\n"
    made.keep(Failure("crash", "Anna broke it", (), places))


def test_the_last_one_is_named_with_what_plays_it(tmp_path: Path) -> None:
    board = Board(tmp_path)
    failed(board)
    (finding,) = failures(board.machine, CONFIG)
    assert finding.level == "warn"
    assert finding.text == "1 kept, the last one of 2026-01-02T03:04:05+00:00: it broke down"
    name = "20260102-030405-crash"
    assert finding.todo == (
        f"edgevoice replay /{STATE}/failures/{name}; once seen, edgevoice forget --failure {name}"
    )


def test_where_there_is_none_or_only_rubbish_nothing_is_said(tmp_path: Path) -> None:
    board = Board(tmp_path)
    assert list(failures(board.machine, CONFIG)) == []
    for text in ("", "[]", '{"at": "x"}', '{"at": "2026-01-02", "kind": "party"}'):
        board.write(f"{STATE}/failures/x/failure.json", text)
        assert list(failures(board.machine, CONFIG)) == []


def test_a_bundle_says_when_of_what_kind_and_where_in_our_code(tmp_path: Path) -> None:
    board = Board(tmp_path)
    failed(board)
    made = {sheet.name: sheet.text for sheet in sheets(board.machine, CONFIG, {}, nobody)}
    assert '"kind": "crash"' in made["failures.json"]
    assert "edgevoice/daemon/app.py:7 run" in made["failures.json"]
    assert "nna" not in made["failures.json"] and "own.py" not in made["failures.json"]
