"""What leaves the board is written down; a disk that refuses costs one warning."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgevoice.daemon.privacy_log import PrivacyLog


class WallClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_each_opening_of_the_gate_is_one_line(tmp_path: Path) -> None:
    clock = WallClock()
    privacy = PrivacyLog(tmp_path / "state" / "privacy.log", clock)
    for why in ("wake word alexa", "button"):
        privacy.gate_opened(why)
        clock.now += timedelta(seconds=2.5)
        privacy.gate_closed(40_000, ["https://relay", "https://other"])
    lines = (tmp_path / "state" / "privacy.log").read_text().splitlines()
    first, second = (json.loads(line) for line in lines)
    assert first["why"] == "wake word alexa" and second["why"] == "button"
    assert first["seconds"] == 2.5 and first["pcm_bytes"] == 80_000
    assert first["to"] == "https://relay, https://other"


def test_closing_what_was_not_open_writes_nothing(tmp_path: Path) -> None:
    PrivacyLog(tmp_path / "privacy.log", WallClock()).gate_closed(0, ())
    assert not (tmp_path / "privacy.log").exists()


def test_a_disk_that_refuses_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    privacy = PrivacyLog(tmp_path / "file" / "privacy.log", WallClock())
    for _ in range(3):
        privacy.gate_opened("button")
        privacy.gate_closed(1, ())
    assert len(caplog.records) == 1
