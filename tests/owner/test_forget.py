"""`edgevoice forget`: asked first, told afterwards, and possible without a running assistant."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.daemon.diary.failures import Failure, Failures
from tests.daemon.diary.test_forgetting import MARKER, STAY, marked, plant
from tests.owner.daemon import answering


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def settings(folder: Path) -> list[str]:
    chosen = {
        "control.socket": folder / "run" / "control.sock",
        "control.state_dir": folder / "state",
        "link.token_file": folder / "none",
        "link.key_file": folder / "none",
    }
    return [word for name, value in chosen.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    plant(tmp_path / "state")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "context.json").write_text(MARKER)
    return tmp_path


def left(house: Path) -> list[str]:
    return [name for name in marked(house) if not name.startswith((*STAY, "lowered"))]


def test_without_a_daemon_the_files_are_erased(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "--all", "--key", "--yes", *settings(house)]) == 0
    assert left(house) == []
    assert not (house / "state" / "recordings").exists()
    said = capsys.readouterr().out
    assert "erased: the conversation, while it is remembered" in said
    assert "Beyond our reach" in said


def test_the_words_alone_are_erased_without_asking(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "--json", *settings(house)]) == 0
    assert not [name for name in left(house) if name.startswith("context")]
    assert "device.key" in left(house) and "turns.jsonl" in left(house)
    assert json.loads(capsys.readouterr().out)["stuck"] == []


@pytest.mark.parametrize(
    ("said", "status", "stays"),
    [
        ("n\n", 1, {"turns.jsonl", "device.key"}),
        ("", 1, {"turns.jsonl", "device.key"}),
        ("y\nn\n", 0, {"device.key"}),
        ("y\ny\n", 0, set()),
    ],
)
def test_what_cannot_be_undone_is_asked_first(
    house: Path,
    said: str,
    status: int,
    stays: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(said))
    assert main(["forget", "--all", *settings(house)]) == status
    assert {"turns.jsonl", "device.key"} & set(left(house)) == stays
    out = capsys.readouterr().out
    assert "- when audio left the board" in out and "Beyond our reach" in out


def test_without_a_terminal_it_has_to_be_meant(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["forget", "--all", *settings(house)]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert "turns.jsonl" in left(house)


def fail(house: Path) -> list[str]:
    """The names of two failures, oldest first."""
    made = Failures(house / "state", lambda: datetime(2026, 1, 2, tzinfo=UTC))
    made.keep(Failure("crash", "KeyError", ()))
    made.keep(Failure("stall", "it stood", ()))
    return [path.name for path in made.kept()]


def test_one_failure_goes_and_nothing_else(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen, other = fail(house)
    before = left(house)
    folder = house / "state" / "failures" / seen
    assert main(["forget", "--failure", str(folder), *settings(house)]) == 0
    assert f"erased: the failure {seen}" in capsys.readouterr().out
    assert not folder.exists() and (folder.parent / other).exists() and left(house) == before
    assert main(["forget", "--failure", seen, *settings(house)]) == 1
    assert f"no failure is called '{seen}': name one" in (told := capsys.readouterr().err)
    assert f"({other})" in told


def test_one_failure_is_not_mistaken_for_everything(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (seen, _), before = fail(house), left(house)
    for more in ("--all", "--key", "--relay"):
        assert main(["forget", "--failure", seen, more, "--yes", *settings(house)]) == 1
        assert "leave --all" in capsys.readouterr().err
    assert main(["forget", "--failure", "..", *settings(house)]) == 1
    assert left(house) == before


def test_a_running_assistant_is_asked_for_one_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(forget={"erased": ["the failure x-crash"], "stuck": []}) as (socket, asked):
        words = ["forget", "--failure", "x-crash", "--set", f"control.socket={socket}"]
        assert main(words) == 0
    assert asked == ["forget failure x-crash"]
    assert "erased: the failure x-crash" in capsys.readouterr().out


def test_a_running_assistant_does_it(capsys: pytest.CaptureFixture[str]) -> None:
    answer = {
        "erased_items": 3,
        "erased_bytes": 99,
        "erased": ["how long turns took"],
        "stuck": ["/x: Read-only file system"],
        "relays": [
            {"relay": "https://a", "conversations": 2},
            {"relay": "https://b", "error": "nobody answers"},
        ],
    }
    with answering(forget=answer) as (socket, asked):
        words = ["forget", "--all", "--relay", "--yes", "--set", f"control.socket={socket}"]
        assert main(words) == 1
    assert asked == ["forget all relay"]
    said = capsys.readouterr().out
    assert "3 items, 99 bytes" in said
    assert "NOT erased: /x: Read-only file system; remove it" in said
    assert "https://a has forgotten 2 conversations" in said
    assert "https://b did NOT: nobody answers" in said
