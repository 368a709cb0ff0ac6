"""State that survives power cuts, damage and full disks."""

import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.hardware.system.state_file import StateFile

STATE = {"muted": True, "volume_percent": 35}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def test_what_was_saved_is_loaded(path: Path) -> None:
    assert StateFile(path).save(STATE)
    assert StateFile(path).load() == STATE


@pytest.mark.parametrize("word", ["tea", "Tee f\u00fcr zw\u00f6lf", "\U0001f375", "\ud800"])
def test_any_text_comes_back(path: Path, word: str) -> None:
    """Half a character too, which JSON knows and UTF-8 does not."""
    assert StateFile(path).save({"label": word})
    assert StateFile(path).load() == {"label": word}


def test_nothing_yet_is_no_reason_to_warn(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert StateFile(path).load() == {}
    assert not caplog.records


def test_the_folder_is_made(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "new" / "state.json").save(STATE)
    assert StateFile(tmp_path / "new" / "state.json").load() == STATE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, len(json.dumps(STATE, indent=1)) - 1))
@pytest.mark.fault("power-cut")
def test_cut_off_at_any_byte_the_copy_before_counts(path: Path, cut: int) -> None:
    file = StateFile(path)
    file.save({"muted": False})
    file.save(STATE)
    os.truncate(path, cut)
    assert file.load() == {"muted": False}


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"[1]", b"[" * 100_000, b"\xff\xfe"])
@pytest.mark.fault("state-corrupt")
def test_damage_without_a_copy_is_a_fresh_start_with_a_warning(
    path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(damage)
    assert StateFile(path).load() == {}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_damaged_file_never_becomes_the_copy(path: Path) -> None:
    file = StateFile(path)
    file.save({"generation": 1})
    file.save({"generation": 2})
    path.write_text("{")
    file.save({"generation": 3})
    path.write_text("{")
    assert file.load() == {"generation": 1}


def test_a_disk_that_refuses_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").write_text("a file where the folder should be")
    file = StateFile(tmp_path / "folder" / "state.json")
    assert not file.save(STATE)
    assert not file.save(STATE)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "cannot be written" in caplog.text


WRITER = """
import sys
from pathlib import Path
from edgevoice.hardware.system.state_file import StateFile
file = StateFile(Path(sys.argv[1]))
number = file.load().get("number", 0)
print("writing", flush=True)
while True:
    number += 1
    file.save({"number": number, "padding": "x" * 5000})
"""


@pytest.mark.slow
@pytest.mark.fault("power-cut")
def test_killed_while_writing_it_is_always_readable(path: Path) -> None:
    """Twenty power cuts (kill -9) at whatever moment it was; counting never goes back."""
    before = 0
    for _ in range(20):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.03)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        after = StateFile(path).load().get("number", 0)
        assert after >= before
        before = after
    assert before > 0


def test_nobody_else_may_read_it(path: Path) -> None:
    path.with_name("state.json.new").touch(0o666)  # left from a power cut
    StateFile(path).save(STATE)
    StateFile(path).save({"muted": False})
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_what_is_erased_leaves_nothing(path: Path) -> None:
    file = StateFile(path)
    file.save(STATE)
    file.save({"muted": False})
    path.with_name("state.json.new").write_text("half of i")
    file.erase()
    assert list(path.parent.iterdir()) == []
    file.erase()
    assert file.load() == {}


def test_what_cannot_be_erased_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    StateFile(path).erase()
    assert "state.json cannot be erased" in caplog.text


@pytest.mark.root
@pytest.mark.fault("disk-full")
def test_on_a_full_disk_what_was_there_is_overwritten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        file = StateFile(disk / "state.json")
        assert file.save({"muted": False})
        with suppress(OSError), (disk / "log").open("wb", 0) as full:
            while full.write(b"x" * 4_096):
                pass
        assert file.save(STATE) and StateFile(disk / "state.json").load() == STATE
        assert not file.save({"padding": "x" * 10_000})
        assert StateFile(disk / "state.json").load() == STATE
        assert "cannot be written" in caplog.text
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_what_nests_too_deep_to_be_written_again_is_damage(path: Path) -> None:
    path.write_text('{"a":' + "[" * 900 + "]" * 900 + "}")
    assert StateFile(path).load() == {}
