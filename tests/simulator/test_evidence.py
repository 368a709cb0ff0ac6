"""What a scenario that failed has left is taken away by the next one."""

from pathlib import Path

from edgevoice.simulator import evidence


def test_only_what_a_failure_has_left_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / evidence.FOLDER
    folder.mkdir()
    (folder / "thesis.txt").write_text("somebody's own")
    evidence.clear(tmp_path)
    assert folder.exists()
    (folder / "failure.json").write_text("{}")
    evidence.clear(tmp_path)
    assert not folder.exists()
