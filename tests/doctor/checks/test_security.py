"""Set-ups that are open where they should be closed; each line names its provision."""

import os
import re
from pathlib import Path

import pytest

from edgevoice.config_file import effective
from edgevoice.doctor.checks.security import security
from edgevoice.doctor.finding import Finding
from tests.doctor.boards import NOW, Board, only
from tests.doctor.checks.test_egress import HEAD, row

LOOPBACK = "0100007F"


def look(tmp_path: Path, settings: str = "", **files: str) -> list[Finding]:
    board = Board(tmp_path / "board", {"proc/net/tcp": HEAD + row(22, 1)})
    # The configuration lies where it says it does, also below the board's own root.
    path = tmp_path / "config.yaml"
    path.write_text(settings)
    (tmp_path / "board" / str(path).lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "board" / str(path).lstrip("/")).write_text(settings)
    for name, text in files.items():
        board.write(name, text)
    return list(security(board.machine, effective([path])))


def test_a_board_as_it_is_installed(tmp_path: Path) -> None:
    settings = "indicator: {kind: led, pins: [25], required: true}\nlink: {url: https://relay}\n"
    found = look(tmp_path, settings)
    assert {finding.level for finding in found} == {"ok"}, found
    assert all(re.fullmatch(r"5\.\d+-\d+", finding.provision) for finding in found)
    assert "(5.4-1)" in found[0].line()


@pytest.mark.parametrize(
    ("settings", "provision", "level", "said"),
    [
        ("link: {url: http://192.168.1.2:8790}", "5.5-1", "fail", "is not encrypted"),
        ("neighbours: {mqtt: {url: mqtt://broker.lan}}", "5.5-1", "warn", "mqtt"),
        (
            "relay: {host: 0.0.0.0, tls_cert: a, tls_key: b}",
            "5.6-1",
            "warn",
            "may ask to be paired",
        ),
        ("relay: {host: 0.0.0.0, behind_proxy: true}", "5.5-1", "warn", "plain HTTP"),
        ("indicator: {kind: led, pins: [25]}", "5.8-3", "warn", "does not prevent"),
        ("indicator: {kind: none}", "5.8-3", "warn", "nothing shows"),
        ("log_level: debug", "5.8-2", "warn", "into the journal"),
        ("context: {keep: reboot}", "5.8-2", "warn", "on the card"),
        ("link: {instructions: 'say sk-1234567890abcdef'}", "5.4-3", "fail", "line 1 holds"),
    ],
)
def test_what_is_open(tmp_path: Path, settings: str, provision: str, level: str, said: str) -> None:
    found = look(tmp_path, settings + "\n")
    (mine,) = [f for f in found if f.provision == provision and f.level != "ok"]
    assert mine.level == level and said in mine.text and mine.todo
    assert "sk-" not in mine.text


def test_a_token_that_others_can_read(tmp_path: Path) -> None:
    board = Board(tmp_path / "board")
    board.write("etc/edgevoice/token", "ev_x", 0o644)
    found = [f for f in security(board.machine, effective([])) if f.name == "secrets"]
    assert only(found).level == "fail"
    assert "sudo chmod 600 /etc/edgevoice/token" in only(found).todo
    board.write("etc/edgevoice/token", "ev_x", 0o600)
    found = [f for f in security(board.machine, effective([])) if f.name == "secrets"]
    assert only(found).text == "1 files of keys and tokens are closed"


def test_a_configuration_that_everybody_can_change(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("log_level: info\n")
    board = Board(tmp_path / "board")
    board.write(str(path).lstrip("/"), "log_level: info\n", 0o666)
    found = [f for f in security(board.machine, effective([path])) if f.level == "fail"]
    assert "sudo chmod o-w" in only(found).todo


def test_ports_that_something_else_has_opened(tmp_path: Path) -> None:
    board = Board(tmp_path)
    rows = row(22, 1), row(3306, 2, address=LOOPBACK), row(5900, 3)
    board.write("proc/net/tcp", HEAD + "".join(rows))
    found = only(security(board.machine, effective([])), "this board")
    assert found.level == "warn" and "TCP 5900 of" in found.text


def test_who_may_control_it(tmp_path: Path) -> None:
    board = Board(tmp_path, {"etc/group": "edgevoice:x:990:pi,edgevoice,guest\n"})
    assert only(security(board.machine, effective([])), "control").text.startswith("pi, guest may")


@pytest.mark.parametrize(
    ("days", "automatic", "reboot", "level"),
    [
        (1, True, False, "ok"),
        (1, False, False, "ok"),
        (60, True, False, "warn"),
        (1, True, True, "warn"),
    ],
)
def test_updates(tmp_path: Path, days: int, automatic: bool, reboot: bool, level: str) -> None:
    board = Board(tmp_path)
    stamp = board.write("var/lib/apt/periodic/update-success-stamp")
    os.utime(stamp, (NOW - days * 86_400, NOW - days * 86_400))
    if automatic:
        board.write(
            "etc/apt/apt.conf.d/20auto-upgrades", 'APT::Periodic::Unattended-Upgrade "1";\n'
        )
    if reboot:
        board.write("run/reboot-required")
    found = [f for f in security(board.machine, effective([])) if f.name == "updates"]
    assert found[0].level == level
