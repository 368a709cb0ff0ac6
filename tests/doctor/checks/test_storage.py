"""Disks that are full, read-only or worn, and folders that belong to somebody else."""

from pathlib import Path

import pytest

from edgevoice.config import Config
from edgevoice.doctor.checks.storage import mount_options, storage
from tests.doctor.boards import Board, levels, only

STATE = "var/lib/edgevoice"
MOUNTS = "/dev/mmcblk0p2 / ext4 {} 0 0\ntmpfs /run tmpfs rw 0 0\n"


def roomy(path: Path) -> int:
    return 10 << 30


def board(tmp_path: Path, **files: str) -> Board:
    made = Board(tmp_path, {"proc/mounts": MOUNTS.format("rw,noatime"), **files}, uid=990)
    made.write(f"{STATE}/settings.json", "{}")
    return made


def test_a_board_that_is_well(tmp_path: Path) -> None:
    (tmp_path / STATE).mkdir(parents=True)
    (tmp_path / STATE).chmod(0o777)
    made = board(tmp_path)
    made.write(f"{STATE}/settings.json", "{}", 0o666)
    assert levels(storage(made.machine, Config(), roomy)) == {"disk": "ok", "state": "ok"}


@pytest.mark.parametrize(("left", "level"), [(300 << 20, "warn"), (5 << 20, "fail")])
def test_a_disk_that_fills_up(tmp_path: Path, left: int, level: str) -> None:
    found = only(storage(board(tmp_path).machine, Config(), lambda path: left), "disk")
    assert found.level == level and "journalctl --vacuum-size" in found.todo


def test_a_card_that_turned_read_only(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.write("proc/mounts", MOUNTS.format("ro,noatime"))
    found = only(storage(made.machine, Config(), roomy), "disk")
    assert found.level == "fail" and "remount,rw" in found.todo


def test_the_mount_below_counts_and_the_last_one_there() -> None:
    mounts = "a / x ro 0 0\nb /var y rw 0 0\nc /varnish z ro 0 0\nd /var w rw,sync 0 0\n"
    assert mount_options(mounts, "/var/lib/edgevoice") == {"rw", "sync"}
    assert mount_options(mounts, "/opt") == {"ro"}


def test_files_of_somebody_else(tmp_path: Path) -> None:
    """As after running it once with sudo."""
    made = board(tmp_path)
    (tmp_path / STATE).chmod(0o777)
    made.write(f"{STATE}/settings.json", "{}", 0o600)
    found = only(storage(made.machine, Config(), roomy), "state")
    assert found.level == "fail" and "settings.json" in found.text
    assert found.todo == "sudo chown -R edgevoice: /var/lib/edgevoice"


def test_a_card_that_has_counted_errors_and_one_that_is_worn_out(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.write("sys/fs/ext4/mmcblk0p2/errors_count", "3\n")
    made.write("sys/block/mmcblk0/device/life_time", "0x01 0x0b\n")
    found = [f for f in storage(made.machine, Config(), roomy) if f.name == "card"]
    assert [f.level for f in found] == ["warn", "warn"]
    assert "3 errors" in found[0].text and "100 %" in found[1].text
