"""What an owner is shown of a running assistant."""

import io
import json
from datetime import datetime
from typing import Any

import pytest

from edgevoice.cli import main
from edgevoice.errors import ControlError
from edgevoice.owner.status import lines, meter, watch
from tests.owner.daemon import answering

AT = datetime.fromisoformat("2026-11-30T14:05:00").astimezone()

STATUS: dict[str, Any] = {
    "state": "idle",
    "muted": False,
    "microphone": "ok",
    "speaker": "ok",
    "relay": "https://relay",
    "reach": {"url": "https://relay", "reachable": True, "rtt_ms": 12.3, "error": None},
    "gate": "closed",
    "volume": 70,
    "rms_dbfs": -48.3,
    "state_since": AT.replace(hour=14, minute=3).isoformat(),
    "last_turn_kept": {
        "at": AT.replace(hour=13).isoformat(),
        "outcome": "answered",
        "marks": {"end of speech": 1.0, "first answer sample": 2.1},
        "samples": {"lost": 0},
    },
    "today": {"sessions": 3, "minutes": 1.5},
    "last_error": None,
}


def shown(**changed: Any) -> str:
    return "\n".join(lines(STATUS | changed, AT))


def test_all_is_well() -> None:
    assert shown() == (
        "state       idle, since 14:03:00 (2 min 0 s)\n"
        "microphone  ok, -48 dBFS\n"
        "speaker     ok, volume 70 %\n"
        "relay       https://relay, reachable (12 ms)\n"
        "last turn   13:05:00: answered, after 1.10 s\n"
        "today       3 conversations, 1.5 min of sound left the board"
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"muted": True}, "`edgevoice unmute` opens the microphone"),
        ({"muted": True}, "microphone  closed"),
        ({"deaf": "a model is damaged"}, "wake word   a model is damaged"),
        ({"skipped_s": 2.0}, "processor   was too slow: 2.00 s of sound not listened to"),
        ({"microphone": "lost"}, "microphone  lost: `edgevoice doctor`"),
        ({"speaker": "lost"}, "speaker     lost"),
        ({"gate": "open"}, "what it hears leaves the board"),
        ({"relay": "offline"}, "could not be used in the last session: `edgevoice why`"),
        ({"reach": {"url": "x", "error": "nobody answers"}}, "x is not reachable: nobody answers"),
        ({"recording": {"on": True}}, "recording   on"),
        ({"timers": [{"label": "tea", "remaining_s": 75.2}]}, "timers      tea in 1 min 15 s"),
        ({"last_error": "rate_limit\x1b[2J"}, "trouble     rate_limit?[2J"),
    ],
)
def test_what_is_not_is_said(changed: dict[str, Any], said: str) -> None:
    assert said in shown(**changed)


def test_what_another_version_does_not_tell_is_left_out() -> None:
    assert lines({"state": "idle", "heard": "x"}, AT)[0] == "state       idle"


def test_programs_get_what_the_daemon_told(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(status=STATUS) as (socket, _):
        assert main(["status", "--json", "--set", f"control.socket={socket}"]) == 0
    assert json.loads(capsys.readouterr().out) == STATUS


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class Told:
    """What a daemon answers, one after the other; then Ctrl-C."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def ask(self) -> Any:
        answer = self._answers.pop(0)
        if isinstance(answer, ControlError):
            raise answer
        return answer

    def wait(self, seconds: float) -> None:
        if not self._answers:
            raise KeyboardInterrupt


def watched(out: io.StringIO, *answers: Any) -> str:
    told = Told(STATUS, *answers)
    assert watch(told.ask, out, wait=told.wait) == 0
    return out.getvalue()


def test_watching_writes_a_line_per_change_where_nobody_looks() -> None:
    loud, listening = STATUS | {"rms_dbfs": -9}, STATUS | {"state": "listening"}
    said = watched(io.StringIO(), STATUS, loud, listening, STATUS).splitlines()
    assert [line.split(" ", 1)[1] for line in said] == [
        "idle, gate closed, volume 70 %",
        "listening, gate closed, volume 70 %",
        "idle, gate closed, volume 70 %",
    ]


def test_watching_draws_over_what_it_drew_and_gives_the_cursor_back() -> None:
    first, second = watched(Screen(), STATUS, STATUS).split("\x1b[?25l")[1:]
    assert "\x1b[7A" not in first and second.startswith("\x1b[7A")
    assert second.endswith("\x1b[J\x1b[?25h") and "[#####" in second


def test_watching_survives_a_restart_of_the_daemon() -> None:
    said = watched(io.StringIO(), ControlError("no daemon answers"), STATUS).splitlines()
    assert said[0] == "no daemon answers" and "idle" in said[1]


@pytest.mark.parametrize(("dbfs", "filled"), [(-70.0, 0), (-200.0, 0), (0.0, 30), (-35.0, 15)])
def test_the_meter_is_as_long_as_it_is_loud(dbfs: float, filled: int) -> None:
    assert meter(dbfs).count("#") == filled


def test_what_rings_is_set_was_missed_and_is_quiet() -> None:
    told = {
        "ringing": ["egg"],
        "timers": [{"label": "pasta", "remaining_s": 300, "paused": True}],
        "alarms": [{"label": "wake up", "next": "tomorrow 07:30"}],
        "missed": [{"label": "tea"}],
        "do_not_disturb": {"quiet": True, "until": "07:00"},
    }
    shown = "\n".join(lines(told, AT))
    for words in (
        "ringing     egg",
        "paused",
        "wake up tomorrow 07:30",
        "missed      tea",
        "07:00",
    ):
        assert words in shown
    assert "dnd off" in "\n".join(lines({"do_not_disturb": {"quiet": True}}, AT))
    assert "quiet" not in "\n".join(lines({"do_not_disturb": {"quiet": False}}, AT))
