from pathlib import Path

import pytest

from edgevoice.errors import NeighbourError
from edgevoice.neighbours.board_id import board_id


def test_it_is_the_same_again_and_tells_nothing_of_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "machine-id"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    first = board_id(file)
    assert first == board_id(file)
    assert len(first) == 12 and first not in file.read_text()
    file.write_text("1123456789abcdef0123456789abcdef\n")
    assert board_id(file) != first


@pytest.mark.parametrize("text", ["", "no hex at all"])
def test_a_machine_without_one_is_told_what_makes_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "machine-id"
    file.write_text(text)
    if text:
        with pytest.raises(NeighbourError, match="systemd-machine-id-setup"):
            board_id(file)
