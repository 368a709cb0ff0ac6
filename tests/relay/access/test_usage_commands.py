"""`edgevoice relay sessions` and `usage`, on the file that a relay keeps."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.relay.app import local_time, wall_clock
from edgevoice.relay.store.place import FILE
from edgevoice.relay.store.records import LiveCall, Use
from edgevoice.relay.store.sqlite import SqliteStore

TODAY = local_time().date()
SPENT = Use(90.0, 1, 3, 400, 600, 12_300)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)

    def run(*words: str) -> str:
        assert main(["relay", *words, "--set", f"relay.state_dir={tmp_path}"]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def keep(tmp_path: Path):
    """Has a relay keep something."""

    def run(act: Callable[[SqliteStore], Awaitable[None]]) -> None:
        async def main() -> None:
            async with SqliteStore(tmp_path / FILE) as store:
                await act(store)

        asyncio.run(main())

    return run


@pytest.fixture
def used(keep):
    async def use(store: SqliteStore) -> None:
        await store.add_use("kitchen", TODAY.isoformat(), SPENT)
        await store.add_use("hall", TODAY.isoformat(), Use(30.0, 1, 1, 10, 20, 500_000))
        await store.add_use("hall", (TODAY - timedelta(days=1)).isoformat(), Use(600.0, 1))

    keep(use)


@pytest.fixture
def calling(keep):
    async def show(store: SqliteStore) -> None:
        began = wall_clock() - 125
        call = LiveCall(
            "rtc_1", "kitchen", "relay_1", "192.168.1.7", began, "held", 3, 4, 400, 600, 12_300
        )
        await store.show_calls("relay_1", [call], wall_clock())

    keep(show)


@pytest.mark.usefixtures("used")
def test_what_was_used_today(command):
    lines = command("usage").splitlines()
    assert lines[0].split() == ["DAY", "CALLER", "MINUTES", "SESSIONS", "TURNS", "TOKENS", "COST"]
    rows = {line.split()[1]: line.split()[2:] for line in lines[1:-1]}
    assert rows["kitchen"] == ["1.5", "1", "3", "1000", "$0.0123"]
    assert rows["hall"] == ["0.5", "1", "1", "30", "$0.50"]
    assert lines[-1].split() == ["all", "of", "them", "2.0", "2", "4", "1030", "$0.51"]


@pytest.mark.usefixtures("used")
def test_another_day_and_several(command):
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    (only,) = json.loads(command("usage", "--day", yesterday, "--json"))
    assert (only["day"], only["caller"], only["minutes"]) == (yesterday, "hall", 10.0)
    assert len(json.loads(command("usage", "--days", "2", "--json"))) == 3


@pytest.mark.usefixtures("used")
def test_usage_for_programs(command):
    used = {entry["caller"]: entry for entry in json.loads(command("usage", "--json"))}
    assert used["kitchen"] == {
        "day": TODAY.isoformat(),
        "caller": "kitchen",
        "caller_id": "kitchen",
        "minutes": 1.5,
        "sessions": 1,
        "turns": 3,
        "input_tokens": 400,
        "output_tokens": 600,
        "cost_usd": 0.0123,
    }


@pytest.mark.usefixtures("calling")
def test_the_calls_that_go_on(command):
    head, row = command("sessions").splitlines()
    assert head.split()[:3] == ["CALLER", "STATE", "FOR"]
    fields = row.split()
    assert fields[:2] == ["kitchen", "held"]
    assert fields[2] in ("2:05", "2:06", "2:07")
    assert fields[3:] == ["3", "1000", "$0.0123", "192.168.1.7", "rtc_1"]
    (call,) = json.loads(command("sessions", "--json"))
    assert (call["call"], call["turns"], call["cost_usd"]) == ("rtc_1", 3, 0.0123)


def test_nothing_and_nobody(command, keep):
    async def nothing(store: SqliteStore) -> None:
        pass

    keep(nothing)
    assert command("sessions") == "nobody calls\n"
    assert command("sessions", "--json") == "[]\n"
    assert command("usage") == f"nothing was used on {TODAY}\n"


@pytest.mark.parametrize("words", [("--day", "yesterday"), ("--days", "0"), ("--days", "x")])
def test_what_is_no_day(words, capsys):
    with pytest.raises(SystemExit):
        main(["relay", "usage", *words])
    assert "usage: " in capsys.readouterr().err
