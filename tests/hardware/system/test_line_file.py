"""A file of lines that power cuts and garbage cannot spoil."""

import subprocess
from pathlib import Path

import pytest

from edgevoice.hardware.system.line_file import LineFile, append


def numbers(file: LineFile) -> list[int]:
    return [line["n"] for line in file.load()]


def test_lines_are_kept_in_order_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "lines"
    LineFile(path, 5).append([{"n": 1}, {"n": 2}])
    LineFile(path, 5).append([{"n": 3}])
    assert numbers(LineFile(path, 5)) == [1, 2, 3]
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    file = LineFile(path, 5)
    for n in range(103):
        file.append([{"n": n}])
        assert len(path.read_text().splitlines()) <= 10
    assert numbers(file) == [98, 99, 100, 101, 102]


@pytest.mark.parametrize(
    "garbage", [b'{"n": 1', b"\x00\xff\n[]\n7\n", b"[" * 100_000, b"x" * 200_000 + b"\n", b"\n\n"]
)
def test_garbage_is_skipped_and_what_comes_after_is_read(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'{"n": 0}\n' + garbage)
    LineFile(path, 5).append([{"n": 2}])
    assert numbers(LineFile(path, 5)) == [0, 2]


def test_what_is_not_there_or_no_file_is_empty(tmp_path: Path) -> None:
    assert LineFile(tmp_path / "none", 5).load() == []
    assert LineFile(tmp_path, 5).load() == []


def test_a_link_to_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    (tmp_path / "lines").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError):
        LineFile(tmp_path / "lines", 5).append([{"n": 1}])
    assert (tmp_path / "precious").read_text() == ""


def test_what_is_erased_is_gone(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "lines", 5)
    file.append([{"n": 1}])
    file.erase()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.root
def test_a_disk_that_becomes_full_takes_all_lines_or_none(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=16k", "none", str(disk)]
    if subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        append(disk / "lines", [{"n": 1}])
        with pytest.raises(OSError, match="No space"):
            append(disk / "lines", [{"n": 2}, *({"n": n, "x": "x" * 500} for n in range(3, 60))])
        append(disk / "lines", [{"n": 2}])
        assert numbers(LineFile(disk / "lines", 99)) == [1, 2]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
