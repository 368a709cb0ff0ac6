"""`edgevoice privacy`: what left, when, and what is kept; with and without a daemon."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.daemon.diary.privacy_log import PrivacyLog
from edgevoice.errors import ControlError
from edgevoice.owner.privacy import beginning
from edgevoice.owner.wording import now
from tests.daemon.diary.test_privacy_log import WallClock
from tests.owner.daemon import answering


def run(state: Path, *words: str) -> int:
    settings = ["--set", "control.socket=/none", "--set", f"control.state_dir={state}"]
    return main(["privacy", *words, *settings])


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A morning: a question, one that a power cut ended, and an hour of mute."""
    clock = WallClock()
    clock.now = now() - timedelta(minutes=90)
    log = PrivacyLog(tmp_path, clock)
    log.gate_opened("alexa")
    clock.now += timedelta(seconds=4)
    log.gate_closed(64_000, ["https://relay"])
    log.gate_opened("button")
    clock.now += timedelta(minutes=1)
    log.muted(True)
    clock.now += timedelta(minutes=60)
    log.muted(False)
    return tmp_path


def test_all_that_left_is_told_with_its_sum(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(state, "--since", "1d") == 0
    said = capsys.readouterr().out
    assert "4.00 s    128.0 kB  alexa        https://relay" in said
    assert "interrupted" in said and "power cut or killed" in said
    assert "2 times since" in said and "128.0 kB of sound" in said
    assert "the microphone was closed (muted) from" in said
    assert "when audio left the board" in said and "`edgevoice forget --all`" in said


def test_programs_get_json(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "--json", "--since", "1d") == 0
    told = json.loads(capsys.readouterr().out)
    assert [interval["interrupted"] for interval in told["intervals"]] == [False, True]
    assert told["kept"]["when audio left the board"]["files"] == 1


def test_a_board_that_kept_to_itself_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "none") == 0
    said = capsys.readouterr().out
    assert said.startswith("no audio has left the board since")
    assert said.endswith("nothing is kept on the board\n")


def test_a_running_daemon_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"since": "2026-11-30T00:00+00:00", "intervals": [], "microphone_closed": []}
    answer = told | {
        "notes": [],
        "kept": {},
        "recording": True,
        "open_since": "2026-11-30T10:00+00:00",
    }
    with answering(privacy=answer) as (socket, asked):
        assert main(["privacy", "--set", f"control.socket={socket}"]) == 0
    assert asked[0].startswith("privacy 20")
    said = capsys.readouterr().out
    assert "audio is leaving the board now" in said and "`edgevoice record off`" in said


AT = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("", AT.replace(hour=0, minute=0)),
        ("12h", AT - timedelta(hours=12)),
        ("7d", AT - timedelta(days=7)),
        ("2026-11-01T08:00+00:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ],
)
def test_when_to_begin_is_said_as_people_do(since: str, expected: datetime) -> None:
    assert beginning(since, AT) == expected


@pytest.mark.parametrize("since", ["yesterday", "-1d", "99999999d", "2026-13-01"])
def test_what_is_no_time_is_refused(since: str) -> None:
    with pytest.raises(ControlError, match="is no time"):
        beginning(since, AT)
