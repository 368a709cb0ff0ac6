"""What could leave the board, or be reached, by the kernel's own tables."""

from pathlib import Path

import pytest

from edgevoice.doctor.checks.egress import daemons, egress
from tests.doctor.boards import NOBODY, WELL, Assistant, Board, levels, only

RUN = "/opt/edgevoice/bin/python /opt/edgevoice/bin/edgevoice run"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  inode\n"
ROW = "   0: {address}:{port:04X} 00000000:0000 {state} 0:0 00:0 0 {uid} 0 {inode} 1 0 100\n"


def board(tmp_path: Path, *rows: str) -> Board:
    shown = {"systemctl show edgevoice": "LoadState=loaded\nMainPID=700\n"}
    made = Board(tmp_path, {"proc/net/tcp": HEAD + "".join(rows)}, shown)
    made.runs(700, RUN)
    return made


def row(port: int, inode: int, uid: int = 990, state: str = "0A", address: str = "00000000") -> str:
    return ROW.format(port=port, inode=inode, uid=uid, state=state, address=address)


def test_it_listens_nowhere(tmp_path: Path) -> None:
    made = board(tmp_path, row(22, 1, 0), row(40_000, 4711, state="01"))
    made.link("proc/700/fd/3", "socket:[4711]")
    assert levels(egress(made.machine, "s", NOBODY)) == {"ports": "ok", "telemetry": "ok"}


def test_a_port_it_has_opened(tmp_path: Path) -> None:
    made = board(tmp_path, row(22, 1, 0), row(9100, 4711))
    made.link("proc/700/fd/3", "socket:[4711]")
    found = only(egress(made.machine, "s", NOBODY), "ports")
    assert found.level == "warn" and "TCP 9100" in found.text


def test_a_port_for_this_board_alone(tmp_path: Path) -> None:
    made = board(tmp_path, row(9100, 4711, address="0100007F"))
    made.link("proc/700/fd/3", "socket:[4711]")
    found = only(egress(made.machine, "s", NOBODY), "ports")
    assert found.level == "ok" and "this board only, TCP 9100" in found.text


def test_seen_by_another_user_it_is_known_by_its_owner(tmp_path: Path) -> None:
    """Without /proc/700/fd."""
    made = board(tmp_path, row(9100, 4711))
    assert "TCP 9100" in only(egress(made.machine, "s", NOBODY), "ports").text
    made = board(tmp_path, row(9100, 4711, uid=0))
    assert only(egress(made.machine, "s", NOBODY), "ports").level == "ok"


def test_only_the_assistant_is_one(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.runs(701, "/opt/edgevoice/bin/edgevoice relay")
    made.runs(702, "vim edgevoice/run.py")
    made.runs(703, "python -m edgevoice -c run.yaml run")
    assert daemons(made.machine) == [700, 703]


def test_somebody_reports_to_the_maker_of_onnxruntime(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.write("proc/700/environ", "PATH=/bin\0ORT_DISABLE_TELEMETRY=1\0")
    assert only(egress(made.machine, "s", NOBODY), "telemetry").level == "ok"
    made.write("var/lib/edgevoice/.cache/Microsoft/DeveloperTools/.onnxruntime/deviceid")
    assert only(egress(made.machine, "s", NOBODY), "telemetry").level == "warn"


def test_a_unit_that_was_changed(tmp_path: Path) -> None:
    made = board(tmp_path)
    made.write("proc/700/environ", "PATH=/bin\0HOME=/\0")
    found = only(egress(made.machine, "s", NOBODY), "telemetry")
    assert found.level == "warn" and "systemctl revert" in found.todo


@pytest.mark.parametrize(("is_open", "level"), [(False, "ok"), (True, "fail")])
def test_muted_means_that_no_microphone_is_open(tmp_path: Path, is_open: bool, level: str) -> None:
    made = board(tmp_path)
    if is_open:
        made.link("proc/700/fd/9", "/dev/snd/pcmC1D0c")
    muted = Assistant({**WELL, "muted": True})
    assert only(egress(made.machine, "s", muted), "mute").level == level
    assert "mute" not in levels(egress(made.machine, "s", Assistant()))
