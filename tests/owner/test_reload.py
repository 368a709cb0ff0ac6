"""`edgevoice reload`, where the socket is away for a moment."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.owner import reload

ANSWERS = {"reload": {"number": 7}, "reloaded 7": {"done": True, "refused": "", "said": "reloaded"}}


def comes_later(path: Path, after_s: float) -> threading.Thread:
    """A daemon that is between two devices when it is asked first."""

    def serve() -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            for _ in ANSWERS:
                connection, _ = server.accept()
                with connection, connection.makefile("rwb") as lines:
                    asked = json.loads(lines.readline())["command"]
                    lines.write(json.dumps({"ok": True, **ANSWERS[asked]}).encode() + b"\n")

    thread = threading.Timer(after_s, serve)
    thread.start()
    return thread


def test_it_waits_for_a_reload_that_is_going_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "control.sock"
    daemon = comes_later(path, after_s=0.2)
    assert main(["reload", "--set", f"control.socket={path}"]) == 0
    daemon.join()
    assert capsys.readouterr().out == "reloaded\n"


@pytest.mark.slow
def test_where_nobody_runs_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "control.sock"
    began = time.monotonic()
    assert main(["reload", "--set", f"control.socket={path}"]) == 1
    assert "systemctl start edgevoice" in capsys.readouterr().err
    assert time.monotonic() - began < 2 * reload.BETWEEN_S
