"""The packaged scenarios as a new user plays them: real models, a real relay, real voices."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgevoice.audio.wav import read_wav
from edgevoice.cli import main

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

BROKEN = """
relay: parrot
steps:
  - {at: 0.2, play: alexa_what_time_is_it.wav}
  - {expect: lamp on, within: 0.5}
require: {answers: 3}
"""

NEIGHBOURS = """
neighbours:
  mqtt: {{url: "mqtt://127.0.0.1:9"}}
  metrics: {{textfile: /proc/nobody/may/write.prom}}
  hooks:
  - command: [sh, -c, 'echo $EDGEVOICE_EVENT >> {told}']
  - command: [sh, -c, 'exit 1']
  - command: [/nonexistent/program]
  - {{command: [sleep, '60'], time_limit_s: 0.3}}
  events_socket: /proc/no.sock
"""


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgevoice", "simulate", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_kitchen_asks_three_questions_and_hears_three_answers(tmp_path: Path) -> None:
    """While those whom the board is to tell of itself break in every way but one."""
    told = tmp_path / "told"
    neighbours = tmp_path / "neighbours.yaml"
    neighbours.write_text(NEIGHBOURS.format(told=told))
    played = simulate("kitchen", "--out", str(tmp_path), "-c", str(neighbours))
    assert played.returncode == 0, played.stdout + played.stderr
    happened = told.read_text().split()
    assert happened[:2] == ["wake_word_detected", "connecting"]
    assert happened.count("turn_ended") == happened.count("tts_speaking") == 3
    report = json.loads((tmp_path / "report.json").read_text())
    assert "time" in report["answers"][0]["heard"].lower()
    assert "date" in report["answers"][1]["heard"].lower()
    assert "lamp" in report["answers"][2]["heard"].lower()
    assert "samples lost: 0" in played.stdout
    for stage in ("wake end", "wake decided", "link open", "first sample sent", "first answer"):
        assert stage in played.stdout
    for number in (1, 2, 3):
        answer = read_wav(tmp_path / f"answer-{number}.wav")
        assert abs(answer).max() > 1_000 and len(answer) > 16_000


def test_speaking_into_an_answer_stops_it_over_the_echo_and_is_understood(tmp_path: Path) -> None:
    played = simulate("interruption", "--out", str(tmp_path))
    assert played.returncode == 0, played.stdout + played.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    barged_in = [turn for turn in report["turns"] if turn["cause"] == "barge-in"]
    assert barged_in
    for turn in barged_in:
        silenced = turn["marks"]["answer silenced"] - turn["marks"]["start of speech"]
        assert silenced <= 0.5, "from the first loud frame to the order to be silent"
    by = [text for _, what, text in report["sightings"] if what == "interrupted"]
    assert by[0] == "voice"


def test_a_long_answer_that_comes_back_from_the_room_interrupts_and_wakes_nobody(
    tmp_path: Path,
) -> None:
    played = simulate("monologue", "--out", str(tmp_path))
    assert played.returncode == 0, played.stdout + played.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    (answered,) = report["turns"]
    assert answered["marks"]["end"] - answered["marks"]["first answer sample"] > 8.0


def test_a_scenario_whose_expectations_fail_says_which_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN)
    played = simulate(str(tmp_path / "broken.yaml"), "--out", str(tmp_path / "out"))
    assert played.returncode == 1
    assert "FAILED step 2: no lamp on within 0.5 s" in played.stdout
    assert "FAILED 3 answers wanted" in played.stdout
    left = tmp_path / "out" / "failure"
    assert f"`edgevoice replay {left}` plays it" in played.stdout
    assert {path.name for path in left.iterdir()} >= {"scenario.yaml", "config.yaml"}
    assert main(["replay", "--quiet", str(left)]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bathroom",), "no packaged scenario"),
        (("kitchen", "--set", "turn.follow_up=1"), "turn.follow_up_s"),
    ],
)
def test_what_cannot_be_played_is_said_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    played = simulate(*arguments, "--out", str(tmp_path))
    assert played.returncode not in (0, 1) or "edgevoice:" in played.stderr
    assert told in played.stderr and "Traceback" not in played.stderr
