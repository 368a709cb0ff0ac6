"""What a failing test leaves, and that its path is said."""

import os
from pathlib import Path

import pytest

from edgevoice.cli import main
from tests import virtual_time
from tests.daemon.test_app import House, running
from tests.e2e import house
from tests.failing_devices import MOST, devices, leave, shared

pytest_plugins = ["pytester"]

ABOUT = ["tests/test_x.py::test_y[a b]", "call: AssertionError"]


@pytest.mark.models
def test_a_device_leaves_what_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> str:
        home = House(tmp_path / "house")
        async with running(home):
            home.device.command("mute")
            home.device.command("unmute")
            await virtual_time.elapse(0.1)
            return leave(tmp_path / "left", ABOUT, devices(), None)

    (tmp_path / "house").mkdir()
    told = virtual_time.run(story())
    folder = tmp_path / "left" / "tests-test_x.py-test_y-a-b"
    assert told.startswith(f"{folder}\nedgevoice replay --show {folder}/device-")
    assert "UnmuteRequested(source='control')" in told
    assert (folder / "test.txt").read_text() == "\n".join(ABOUT) + "\n"
    records = sorted(folder.glob("device-*"))
    assert [main(["replay", str(record)]) for record in records] == [0] * len(records)
    assert "the same was done in each" in capsys.readouterr().out


def test_processes_leave_their_logs_and_failures_and_the_last_lines_are_told(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own"
    failure = own / "state" / "failures" / "x-crash"
    failure.mkdir(parents=True)
    (failure / "flight-record.jsonl").write_text("{}")
    (own / "device.log").write_text("".join(f"line {number}\n" for number in range(100)))
    (own / "speaker.wav").write_bytes(b"RIFF")
    (tmp_path / "relay0").mkdir()
    (tmp_path / "relay0" / "relay.log").write_text("the relay says\n")
    told = leave(tmp_path / "left", ["x"], (), own)
    assert "  line 99\n" in told and "line 50" not in told
    assert told.endswith("relay.log:\n  the relay says")
    left = {p.relative_to(tmp_path / "left/x") for p in (tmp_path / "left/x").rglob("*.*")}
    assert Path("state/failures/x-crash/flight-record.jsonl") in left
    assert Path("speaker.wav") not in left


def test_of_a_device_that_a_module_shares_the_folder_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shared() is None
    monkeypatch.setattr(house, "RUNNING", [tmp_path])
    assert shared() == tmp_path


def test_the_oldest_make_room(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/x.log").write_text("")
    for number in range(MOST + 3):
        leave(tmp_path / "left", [f"test-{number}"], (), tmp_path / "own")
        os.utime(tmp_path / "left" / f"test-{number}", (number, number))
    names = {path.name for path in (tmp_path / "left").iterdir()}
    assert len(names) == MOST and "test-0" not in names and f"test-{MOST + 2}" in names


@pytest.mark.slow
def test_the_report_says_where(pytester: pytest.Pytester) -> None:
    """A test that fails, in a pytest of its own."""
    pytester.makeconftest("from tests.failing_devices import pytest_runtest_makereport\n")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(
        "def test_it(tmp_path):\n"
        "    (tmp_path / 'relay.log').write_text('the relay went away\\n')\n"
        "    assert False, 'no answer'\n"
        "def test_well(tmp_path): pass\n"
    )
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=1, passed=1)
    said = result.stdout.str()
    assert "what led to it" in said and "the relay went away" in said
    (folder,) = (pytester.path / "build" / "failures").iterdir()
    assert str(folder) in said and "no answer" in (folder / "test.txt").read_text()
