import os
import socket
from pathlib import Path

from edgevoice.simulator.soak.figures import (
    directory_kb,
    held,
    tasks_in,
    tasks_of,
    tracebacks,
    udp_ports,
)


def test_a_process_by_the_kernels_word() -> None:
    found = held(os.getpid())
    assert found["rss_mb"] > found["anonymous_mb"] > 5.0
    assert 0 < found["pss_mb"] <= found["rss_mb"] * 1.1
    assert found["threads"] >= 1
    before = found["descriptors"]
    with socket.socket():
        assert held(os.getpid())["descriptors"] == before + 1


def test_a_process_that_is_no_more_holds_nothing(tmp_path: Path) -> None:
    assert held(1, tmp_path) == {}


def test_tasks_by_the_programs_own_word() -> None:
    assert tasks_of("# HELP x\nedgevoice_relay_tasks 9.0\nedgevoice_relay_threads 8.0\n") == {
        "tasks": 9.0
    }
    assert tasks_of("nothing") == tasks_in({}) == {}
    assert tasks_in({"process": {"tasks": 28}}) == {"tasks": 28.0}


def test_where_datagrams_are_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert port in udp_ports(os.getpid())
    assert port not in udp_ports(os.getpid())


def test_the_size_of_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "turns.jsonl").write_bytes(b"x" * 1_500)
    (tmp_path / "settings.json").write_bytes(b"x" * 500)
    assert directory_kb(tmp_path) == 2.0
    assert directory_kb(tmp_path / "absent") == 0.0


def test_tracebacks_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "device.log"
    log.write_bytes(b"INFO fine \xff\nTraceback (most recent call last):\n  File\n")
    assert tracebacks(log) == 1
