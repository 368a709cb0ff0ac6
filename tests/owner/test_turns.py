"""`edgevoice turns`: a table, one waterfall, a picture; with and without a daemon."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from edgevoice.cli import main
from edgevoice.daemon.diary.turn_history import NAME, told
from edgevoice.errors import ControlError
from tests.owner.daemon import answering


def turn(number: int, wait_s: float = 1.0) -> dict[str, Any]:
    return {
        "turn": number,
        "at": f"2026-11-30T14:00:{number:02d}.000+00:00",
        "cause": "wake",
        "outcome": "answered",
        "marks": {
            "start of speech": 0.0,
            "end of speech": 1.0,
            "turn committed": 1.5,
            "response created": 1.6,
            "first answer sample": 1.0 + wait_s,
            "end": 5.0,
        },
        "samples": {"captured": 320, "sent": 320, "received": None, "gaps": 0, "lost": 0},
    }


TURNS = [turn(1), turn(2, 2.0), turn(3)]


def run(*words: str, socket: str) -> int:
    return main(["turns", *words, "--set", f"control.socket={socket}"])


def test_the_last_turns_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(turns=told(TURNS, 10)) as (socket, asked):
        assert run("--last", "10", socket=socket) == 0
    assert asked == ["turns 10"]
    said = capsys.readouterr().out
    assert "answered" in said and "2000 ms" in said
    assert "in 3 turns                 p50         p95" in said
    assert "answer                 1000 ms     2000 ms   of 3" in said


def test_one_turn_has_all_its_stages(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(turns=told(TURNS, 500)) as (socket, _):
        assert run("2", socket=socket) == 0
        said = capsys.readouterr().out
        assert said.startswith("turn 2, ") and "first answer sample" in said
        assert "samples: captured 320, sent 320, gaps 0, lost 0" in said
        assert run("9", socket=socket) == 1
        assert "turn 9 is not kept; 1 to 3 are" in capsys.readouterr().err


def test_without_a_daemon_the_file_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NAME).write_text("".join(json.dumps(t) + "\n" for t in TURNS) + '{"turn"')
    words = ["turns", "--json", "--set", f"control.state_dir={tmp_path}"]
    assert main([*words, "--set", "control.socket=/none"]) == 0
    assert [t["turn"] for t in json.loads(capsys.readouterr().out)["turns"]] == [1, 2, 3]


def test_trouble_with_the_daemon_is_not_taken_for_its_absence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(turns=ControlError("too many")) as (socket, _):
        assert run(socket=socket) == 1
    assert capsys.readouterr().err == "edgevoice: too many\n"


def test_before_the_first_turn_there_is_nothing_to_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(turns=told([], 10)) as (socket, _):
        assert run(socket=socket) == 0
        assert capsys.readouterr().out == "no turn has been taken yet\n"
        assert run("--plot", str(tmp_path / "t.png"), socket=socket) == 1
        assert run("--plot", str(tmp_path / "t.exe"), socket=socket) == 1
    assert ".png, .svg" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("name", "begins"), [("t.png", b"\x89PNG"), ("t.svg", b"<?xml")])
def test_a_picture_is_drawn(tmp_path: Path, name: str, begins: bytes) -> None:
    pytest.importorskip("matplotlib")
    with answering(turns=told(TURNS, 20)) as (socket, _):
        assert run("--plot", str(tmp_path / name), socket=socket) == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with answering(turns=told(TURNS, 20)) as (socket, _):
        assert run("--plot", str(tmp_path / "t.png"), socket=socket) == 1
    assert "edgevoice[plot]" in capsys.readouterr().err
