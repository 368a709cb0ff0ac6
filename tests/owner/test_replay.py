"""`edgevoice replay`: the same, something else, or no record at all."""

import errno
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.daemon.diary.flight_file import newest, write_flight
from edgevoice.errors import FlightRecordError
from edgevoice.owner.replay import found, verdict
from edgevoice.transceiver.actions import Action
from edgevoice.transceiver.flight import Beginning
from edgevoice.transceiver.flight_record import Recorded
from edgevoice.transceiver.inputs import ButtonPressed, Input, LinkOpened, StopRequested
from edgevoice.transceiver.replay import replay
from edgevoice.transceiver.setup import Setup
from edgevoice.transceiver.transceiver import Transceiver
from tests.transceiver.test_flight_record import Box

SETUP = Setup(TurnConfig(), ContextConfig(), LinkConfig(), (), 0)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    box = Box()
    box.happens(ButtonPressed(9), LinkOpened("relay", True), StopRequested("x"))
    path = tmp_path / "state" / "flight.jsonl"
    assert write_flight(path, box.flight.entries, "a bug", datetime(2026, 1, 2, tzinfo=UTC))
    return path


def change(record: Path) -> None:
    text = record.read_text()
    record.write_text(text.replace('"OpenGate","from_sample":0', '"OpenGate","from_sample":7'))


def steps_of(record: Path) -> list[str]:
    """Its lines, as far as the last step."""
    return record.read_text().rpartition('\n{"now":')[0].splitlines()


def test_a_record_is_for_its_owner_alone(record: Path) -> None:
    assert record.stat().st_mode & 0o777 == 0o600


def test_the_same_is_said_to_be_the_same(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--show", str(record)]) == 0
    said = capsys.readouterr().out
    assert "after a broken invariant: a bug" in said
    assert "ButtonPressed(sample=9" in said and '"OpenGate"' in said and "== connecting" in said
    assert said.endswith("3 steps, and the same was done in each\n")


def test_the_first_difference_is_shown_with_what_came_in_was_decided_and_is(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(record)
    assert main(["replay", str(record)]) == 1
    said = capsys.readouterr().out
    assert "! step 1, 0.000 s: ButtonPressed(sample=9, source='button')" in said
    assert 'then -> {"type":"OpenGate","from_sample":7' in said
    assert ' now -> {"type":"OpenGate","from_sample":0' in said and "LinkOpened" not in said
    assert said.endswith("something else is done first in step 1, at 0.000 s\n")


def test_a_part_of_it_can_be_looked_at(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(record)
    assert main(["replay", "--from", "2", "--show", str(record)]) == 0
    assert main(["replay", "--until", "1", "--show", str(record)]) == 1
    after, before = capsys.readouterr().out.split("recorded by edgevoice")[1:]
    assert "step 2" in after and "step 3" in after and "step 1" not in after
    assert "step 1" in before and "step 2" not in before


def test_programs_get_json(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(record)
    assert main(["replay", "--json", str(record)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["same"] is False and told["broken"] == "a bug"
    assert [step["same"] for step in told["steps"]] == [False, True, True]


def test_what_broke_breaks_again_or_is_mended(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record says that something broke where nothing does now, and the other way round."""
    lines = steps_of(record)
    step = json.loads(lines[-1]) | {"broken": "it cannot be stopped", "actions": []}
    record.write_text("\n".join([*lines[:-1], json.dumps(step)]) + "\n")
    assert main(["replay", str(record)]) == 1
    said = capsys.readouterr().out
    assert "then this broke: it cannot be stopped" in said
    assert "what broke then does not break any more" in said


def test_the_folder_of_a_failure_is_as_good_as_its_file(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(record.parent)]) == 0
    (record.parent / "deeper").mkdir()
    record.rename(record.parent / "deeper" / "flight-record.jsonl")
    assert main(["replay", str(record.parent)]) == 2
    assert "there is one in each of deeper" in capsys.readouterr().err


def test_a_line_that_the_power_cut_off_is_left_out(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record.write_text("\n".join(steps_of(record))[:-9])
    assert main(["replay", str(record)]) == 0
    said = capsys.readouterr().out
    assert "its last line is cut off" in said and "2 steps, and the same" in said


@pytest.mark.parametrize("content", [b"", b"what was said", b"\xff\xfe\x00", None])
def test_another_file_is_refused_by_name(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "diary"
    if content is not None:
        path.write_bytes(content)
    assert main(["replay", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"edgevoice: {path}: ") and "`edgevoice why`" in said


def test_a_path_that_cannot_even_be_looked_at_is_no_difference(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["replay", "x" * 300]) == 2
    assert "File name too long; `edgevoice why`" in capsys.readouterr().err


class Unreadable(type(Path())):  # type: ignore[misc]
    """As a folder of the assistant's is for everybody else."""

    def is_dir(self) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")


def test_whoever_may_not_read_it_is_told_how() -> None:
    with pytest.raises(FlightRecordError, match="Permission denied; run it with sudo"):
        found(Unreadable("failures"))


def test_a_record_of_tomorrow_names_who_can_read_it(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = record.read_text()
    changed = text.replace('"edgevoice_flight_record":2', '"edgevoice_flight_record":3', 1)
    record.write_text(changed)
    assert main(["replay", str(record)]) == 2
    assert "this edgevoice reads 1 and 2; play it with edgevoice " in capsys.readouterr().err
    record.write_text(changed.replace('_record":3', '_record":1', 1))
    assert main(["replay", str(record)]) == 0


def test_what_is_too_much_begins_later() -> None:
    assert list(newest(iter(["head", "aaa", "bbb", "cc"]), most=5)) == ["head", "bbb", "cc"]


@pytest.mark.parametrize(("then", "is_same"), [("a bug", True), ("another bug", False)])
def test_what_breaks_again_is_the_failure_only_if_it_is_the_same(then: str, is_same: bool) -> None:
    step = Recorded(1.0, StopRequested("x"), (), "idle", then)
    (played,) = replay([Beginning(1.0, SETUP), step], build=lambda setup: Clumsy())
    assert (played.is_same, played.broken) == (is_same, "a bug")
    told = verdict([played])
    assert (told[0] == "the failure happens again, in step 1") is is_same


class Clumsy(Transceiver):
    """Has a bug that shows whatever happens."""

    def __init__(self) -> None:
        super().__init__(SETUP.turn, SETUP.context, SETUP.link, (), 0)

    def handle(self, happened: Input, now: float) -> list[Action]:
        raise AssertionError("a bug")


def test_a_disk_that_refuses_is_for_the_asker_to_deal_with(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        write_flight(tmp_path / "file" / "x", (), "a bug", datetime.now(UTC))
