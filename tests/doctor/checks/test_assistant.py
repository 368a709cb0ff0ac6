"""The checks that play nothing, against assistants and cards that are made up."""

from typing import Any

import pytest

from edgevoice.config import Config, MicrophoneConfig
from edgevoice.doctor.checks import assistant as checks
from edgevoice.doctor.meter import Levels
from edgevoice.doctor.sound_test import full_scale
from edgevoice.errors import ControlError


class Assistant:
    """Answers, refuses, or is not there."""

    def __init__(self, answer: dict[str, Any] | OSError) -> None:
        self._answer = answer

    def ask(self, socket: str, command: str) -> dict[str, Any]:
        if isinstance(self._answer, OSError):
            raise ControlError("nobody answers; start it") from self._answer
        return self._answer


WELL = {"version": "0.3", "state": "idle", "muted": False, "microphone": "ok"}


@pytest.mark.parametrize(
    ("answer", "level", "hint"),
    [
        (WELL, "ok", ""),
        ({**WELL, "muted": True}, "warn", "edgevoice unmute"),
        ({**WELL, "microphone": "lost"}, "fail", "plug it in again, then: edgevoice doctor sound"),
        (FileNotFoundError(), "warn", ""),
    ],
)
def test_how_the_assistant_is(answer: dict[str, Any] | OSError, level: str, hint: str) -> None:
    finding = checks.running(Config(), Assistant(answer).ask)
    assert (finding.level, finding.todo) == (level, hint)


@pytest.mark.parametrize("answer", [WELL, PermissionError()])
def test_a_running_assistant_has_to_be_stopped_first(answer: dict[str, Any] | OSError) -> None:
    taken = checks.is_free(Config(), Assistant(answer).ask)
    assert taken is not None and taken.level == "fail"
    assert "sudo systemctl stop edgevoice" in taken.todo
    assert "sudo systemctl start edgevoice" in taken.todo


def test_without_one_the_card_is_free() -> None:
    assert checks.is_free(Config(), Assistant(FileNotFoundError()).ask) is None


@pytest.mark.parametrize(("gain_db", "wanted"), [(0.0, 32_767), (12.0, 32_767), (-6.0, 16_422)])
def test_where_the_card_clips(gain_db: float, wanted: int) -> None:
    assert full_scale(Config(microphone=MicrophoneConfig(gain_db=gain_db))) == wanted


def test_what_the_assistant_hears_is_shown_as_its_own() -> None:
    answer = {"rms_dbfs": -31.0, "peak_dbfs": -20.0, "speech": 0.4, "scores": {"alexa": 0.1}}
    assert Levels.of({**answer, "erle_db": None}).scores == {"alexa": 0.1}
