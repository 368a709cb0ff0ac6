"""What runs here, and what of it is not what was installed last."""

from pathlib import Path

from edgevoice import __version__
from edgevoice.doctor.checks.versions import versions
from tests.doctor.boards import NOBODY, WELL, Assistant, Board, only

INSTALLED = "opt/edgevoice/lib/python3.13/site-packages/edgevoice-{}.dist-info/METADATA"


def test_everything_by_number(tmp_path: Path) -> None:
    board = Board(tmp_path, {"proc/sys/kernel/osrelease": "6.12.25+rpt-rpi-v8\n"})
    found = only(versions(board.machine, "s", NOBODY, lambda name: "1.2", "3.13.5"))
    assert found.level == "ok"
    assert f"edgevoice {__version__}, Python 3.13.5" in found.text
    assert "onnxruntime 1.2" in found.text and "Linux 6.12.25+rpt-rpi-v8" in found.text


def test_a_python_nobody_tried(tmp_path: Path) -> None:
    found = only(versions(Board(tmp_path).machine, "s", NOBODY, lambda name: "", "3.9.2"))
    assert found.level == "warn" and "aiortc missing" in found.text


def test_an_older_one_that_still_runs_and_one_that_is_installed(tmp_path: Path) -> None:
    board = Board(tmp_path, {INSTALLED.format("0.0.9"): ""})
    older = Assistant({**WELL, "version": "0.0.8"})
    found = [f for f in versions(board.machine, "s", older, python="3.13.5") if f.name == "update"]
    assert ["0.0.9" in found[0].text, "0.0.8" in found[1].text] == [True, True]
    assert "systemctl restart" in found[1].todo
