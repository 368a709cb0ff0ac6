"""One machine for each test."""

from pathlib import Path

import pytest

from tests.hardware.boards.machine import Machine


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "root")
