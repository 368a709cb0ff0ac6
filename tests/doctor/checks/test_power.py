"""What a Raspberry Pi's firmware says of its supply, and what other boards do not say."""

from pathlib import Path

import pytest

from edgevoice.doctor.checks.power import THROTTLED, power
from tests.doctor.boards import Board, levels, only


@pytest.mark.parametrize(
    ("word", "level", "said"),
    [
        ("0", "ok", "enough voltage"),
        ("50005", "fail", "too low right now"),
        ("50000", "warn", "too low since the start"),
        ("e0008", "warn", "slowed down right now"),
        ("80000", "warn", "by heat"),
    ],
)
def test_what_the_firmware_says(tmp_path: Path, word: str, level: str, said: str) -> None:
    found = only(power(Board(tmp_path, {THROTTLED: f"{word}\n"}).machine))
    assert (found.level, found.name) == (level, "power") and said in found.text
    assert bool(found.todo) == (level != "ok")


def test_an_older_kernel_is_asked_by_its_command(tmp_path: Path) -> None:
    board = Board(tmp_path, says={"vcgencmd get_throttled": "throttled=0x50005\n"})
    assert only(power(board.machine)).level == "fail"


def test_where_nobody_knows_nothing_is_said(tmp_path: Path) -> None:
    assert list(power(Board(tmp_path).machine)) == []


@pytest.mark.parametrize(("degrees", "level"), [(45, "ok"), (75, "warn"), (84, "fail")])
def test_the_hottest_zone_counts(tmp_path: Path, degrees: int, level: str) -> None:
    zones = "sys/class/thermal/thermal_zone"
    board = Board(tmp_path, {f"{zones}0/temp": "30000\n", f"{zones}1/temp": f"{degrees}000\n"})
    assert levels(power(board.machine)) == {"temperature": level}


@pytest.mark.parametrize(("free_mb", "level"), [(300, "ok"), (120, "warn"), (40, "fail")])
def test_memory_that_runs_out(tmp_path: Path, free_mb: int, level: str) -> None:
    meminfo = f"MemTotal: 436000 kB\nMemAvailable: {free_mb}000 kB\n"
    found = only(power(Board(tmp_path, {"proc/meminfo": meminfo}).machine))
    assert (found.level, found.name) == (level, "memory")


def test_a_processor_that_may_not_run_fast(tmp_path: Path) -> None:
    governor = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    found = only(power(Board(tmp_path, {governor: "powersave\n"}).machine))
    assert found.level == "warn" and "scaling_governor" in found.todo
