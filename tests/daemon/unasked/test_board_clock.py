"""What the board says of the time: its zone, its boot, and whether the network has set it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgevoice.daemon.unasked.board_clock import BoardClock

ZONES = Path("/usr/share/zoneinfo")


@pytest.fixture(autouse=True)
def no_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)


def clock(folder: Path) -> BoardClock:
    return BoardClock(
        lambda: 5.0,
        lambda: 1.8e9,
        localtime=folder / "localtime",
        timesync=folder / "timesync",
        boot_id=folder / "boot_id",
    )


def test_a_board_without_anything_is_in_utc_and_knows_nothing(tmp_path: Path) -> None:
    moment = clock(tmp_path).moment()
    assert (moment.now, moment.wall) == (5.0, 1.8e9)
    assert (moment.zone, moment.synchronised, moment.boot) == (UTC, None, "")


@pytest.mark.skipif(not (ZONES / "Asia/Tokyo").exists(), reason="no zones on this machine")
def test_the_zone_is_read_again_when_it_is_changed(tmp_path: Path) -> None:
    board = clock(tmp_path)
    noon = datetime(2027, 7, 1, 12, tzinfo=UTC)
    for name, hour in (("Asia/Tokyo", 21), ("Europe/Berlin", 14)):
        shutil.copy(ZONES / name, tmp_path / "new")
        (tmp_path / "new").replace(tmp_path / "localtime")
        assert noon.astimezone(board.zone()).hour == hour


def test_rubbish_is_utc(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_bytes(b"x")
    assert clock(tmp_path).zone() is UTC


@pytest.mark.skipif(not (ZONES / "Europe/Berlin").exists(), reason="no zones on this machine")
def test_a_file_that_was_cut_off_is_utc(tmp_path: Path) -> None:
    """`zoneinfo` would read its last line for ever, and nothing else would be done."""
    whole = (ZONES / "Europe/Berlin").read_bytes()
    for length in (30, 500, len(whole) // 2, len(whole) - 1):
        (tmp_path / "localtime").write_bytes(whole[:length])
        assert clock(tmp_path).zone() is UTC


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    if (ZONES / "Asia/Tokyo").exists():
        assert str(clock(tmp_path).zone()) == "Asia/Tokyo"
    monkeypatch.setenv("TZ", "../../etc/passwd")
    assert clock(tmp_path).zone() is UTC


def test_what_timesyncd_says(tmp_path: Path) -> None:
    (tmp_path / "timesync").mkdir()
    (tmp_path / "boot_id").write_text("b00t\n")
    assert clock(tmp_path).moment().synchronised is False
    (tmp_path / "timesync" / "synchronized").touch()
    assert clock(tmp_path).moment().synchronised is True
    assert clock(tmp_path).moment().boot == "b00t"
