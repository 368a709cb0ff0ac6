"""Neither program starts with a library that cannot be made safe."""

import subprocess
import sys

import pytest

CHANGED = """
import sys
import aioice.ice
del aioice.ice.Connection.respond_error
from edgevoice.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", ["run", "relay"])
def test_a_changed_library_ends_the_program_with_the_remedy(command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHANGED, command],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2, "which systemd does not try again"
    assert "pip install 'aioice>=0.13,<0.14'" in ended.stderr
    assert "Traceback" not in ended.stderr
