"""Alone in a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgevoice.hardware.system.folder_lock import alone_in

HOLDING = """
import sys
from pathlib import Path
from edgevoice.hardware.system.folder_lock import alone_in
with alone_in(Path(sys.argv[1]), 1.0):
    print(flush=True)
    sys.stdin.read()
"""


def test_another_process_is_waited_for_and_then_no_more(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDING, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(TimeoutError, match="another program"), alone_in(tmp_path, 0.1):
            pass
        other.kill()
    with alone_in(tmp_path, 0.1):
        pass


def test_whoever_fails_in_it_has_left(tmp_path: Path) -> None:
    with pytest.raises(KeyError), alone_in(tmp_path, 0.1):
        raise KeyError
    with alone_in(tmp_path, 0.1):
        pass
