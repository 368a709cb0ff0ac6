"""Services as `systemctl show` tells of them."""

from pathlib import Path

import pytest

from edgevoice.doctor.checks.unit import sandbox, unit
from edgevoice.doctor.machine import Told
from tests.doctor.boards import Board, levels, only

SHOW = "systemctl show edgevoice"
WELL = {
    "LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active",
    "SubState": "running", "Result": "success", "NRestarts": "0", "MainPID": "700",
    "MemoryCurrent": "96000000", "MemoryMax": "335544320", "DropInPaths": "",
}  # fmt: skip


def board(tmp_path: Path, **changed: str) -> Board:
    text = "\n".join(f"{name}={value}" for name, value in {**WELL, **changed}.items())
    return Board(tmp_path, says={SHOW: text})


def test_a_service_that_is_well(tmp_path: Path) -> None:
    assert levels(unit(board(tmp_path).machine)) == {"service": "ok", "service memory": "ok"}


@pytest.mark.parametrize(
    ("changed", "name", "level", "todo"),
    [
        ({"LoadState": "not-found"}, "service", "warn", "scripts/install"),
        ({"ActiveState": "failed", "Result": "watchdog"}, "service", "fail", "journalctl -u"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart"},
            "service",
            "fail",
            "systemctl restart",
        ),
        ({"ActiveState": "inactive"}, "service", "warn", "sudo systemctl start edgevoice"),
        ({"UnitFileState": "disabled"}, "service", "warn", "sudo systemctl enable edgevoice"),
        ({"NRestarts": "7"}, "restarts", "warn", "journalctl"),
        ({"MemoryCurrent": "330000000"}, "service memory", "warn", "restart"),
    ],
)
def test_what_can_be_wrong(
    tmp_path: Path, changed: dict[str, str], name: str, level: str, todo: str
) -> None:
    found = only(unit(board(tmp_path, **changed).machine), name)
    assert found.level == level and todo in found.todo


@pytest.mark.parametrize("said", [None, Told(1, "System has not been booted with systemd")])
def test_without_systemd(tmp_path: Path, said: Told | None) -> None:
    made = Board(tmp_path, says={SHOW: said} if said else None)
    assert only(unit(made.machine)).level == "ok"


def test_memory_that_is_not_counted(tmp_path: Path) -> None:
    made = board(tmp_path, MemoryCurrent="[not set]", MemoryMax="infinity")
    assert levels(unit(made.machine)) == {"service": "ok"}


def test_a_change_that_takes_protection_away(tmp_path: Path) -> None:
    path = "/etc/systemd/system/edgevoice.service.d/override.conf"
    made = board(tmp_path, DropInPaths=path)
    made.write(path[1:], "[Service]\nNice=-10\nProtectSystem=no\nUser=root\n")
    found = [f for f in unit(made.machine) if f.level == "warn"]
    assert "ProtectSystem=no, User=root" in found[0].text and "Nice" not in found[0].text
    assert "systemctl revert edgevoice" in found[0].todo


@pytest.mark.parametrize(("score", "level"), [("1.8 OK", "ok"), ("6.2 MEDIUM", "warn")])
def test_how_exposed_it_is(tmp_path: Path, score: str, level: str) -> None:
    line = f"\n→ Overall exposure level for edgevoice.service: {score} :-)\n"
    made = Board(tmp_path, says={"systemd-analyze security": line})
    assert only(sandbox(made.machine)).level == level


def test_where_nobody_counts(tmp_path: Path) -> None:
    assert list(sandbox(Board(tmp_path).machine)) == []
