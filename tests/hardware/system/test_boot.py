"""What the kernel calls this start of the machine."""

from pathlib import Path

from edgevoice.hardware.system.boot import boot_id


def test_the_kernels_name_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "boot_id").write_text("b00t\n")
    assert boot_id(tmp_path / "boot_id") == "b00t"


def test_where_nothing_readable_is_said_it_has_no_name(tmp_path: Path) -> None:
    assert boot_id(tmp_path / "missing") == ""
    (tmp_path / "garbage").write_bytes(b"\xff\xfe")
    assert boot_id(tmp_path / "garbage") == ""
