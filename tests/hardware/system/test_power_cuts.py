"""Everything that the programs write, with the power cut in the middle of it."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.fault_report import Measured
from tests.hardware.system.power_cuts import WRITINGS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def played() -> dict[str, Any]:
    # A process of its own: it forks, which one with threads must not.
    words = [sys.executable, "-m", "tests.hardware.system.power_cuts"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.fault("power-cut")
@pytest.mark.parametrize("name", WRITINGS)
def test_what_is_read_afterwards_is_the_old_or_the_new(
    name: str, played: dict[str, Any], measured: Measured
) -> None:
    assert played[name]["cuts"] > 1
    assert played[name]["bad"] == []
    measured(f"{name}: {played[name]['cuts']} cuts, whole each time")


def test_a_file_that_is_not_flushed_is_found_out() -> None:
    """Or the tests above could not fail."""
    code = """
import json, os
from tests.hardware.system import power_cuts
power_cuts.PRODUCT = "<string>"  # this

def careless(folder):
    (folder / "new").write_text("new")
    os.replace(folder / "new", folder / "file")
    return folder

writing = power_cuts.Writing(
    lambda folder: (folder / "file").write_text("old"),
    careless,
    lambda folder: (folder / "file").read_text(),
)
print(json.dumps(power_cuts.play(writing)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["bad"] == ["after change 2, unflushed data lost: ''"]
