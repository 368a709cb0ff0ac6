"""After `forget all` no word and no trace of anybody is left, in files or in memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgevoice.daemon.diary.failures import Failure
from edgevoice.daemon.diary.kept import KEPT
from edgevoice.errors import ControlError
from edgevoice.realtime.items import user_audio
from edgevoice.realtime.server_events import ConversationItemAdded
from edgevoice.transceiver.inputs import EventReceived
from edgevoice.transceiver.states import State
from tests.daemon.test_app import House, running, silent_relay
from tests.virtual_time import elapse

pytestmark = pytest.mark.models

MARKER = "XYZZY"
STAY = ("settings.json", "quiet.json")


def plant(state: Path) -> None:
    """In a file of every name that we ever write, and in copies that a crash may leave."""
    state.mkdir(parents=True, exist_ok=True)
    for folder in ("recordings", "failures"):
        (state / folder / "1").mkdir(parents=True)
        (state / folder / "1" / "kept").write_text(MARKER)
    for known in KEPT:
        for pattern in known.patterns:
            for name in {pattern.replace("*", ""), pattern.replace("*", ".new")}:
                path = state / name.replace("privacy-", "privacy-2026-01")
                if not path.is_dir():
                    path.write_text(json.dumps({"at": "2026-01-01T00:00:00+00:00", "x": MARKER}))


def marked(folder: Path) -> list[str]:
    """Files that hold a marker."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if MARKER in path.read_text(errors="replace"))


async def told(house: House, command: str) -> Any:
    answer = house.device.command(command)
    return answer if isinstance(answer, dict) else await answer


async def test_nothing_is_left_of_anybody_and_nothing_comes_back(tmp_path: Path) -> None:
    async with silent_relay() as url:
        house = House(tmp_path, url)
        plant(house.state)
        async with running(house):
            await told(house, 'timers set_timer {"seconds": 600, "label": "XYZZY"}')
            house.device.command("wake")
            await house.until(State.CONNECTING)
            said = user_audio(MARKER, "u1", "completed")
            house.device.runner.transceiver.conversation.insert(said)
            house.device.runner.post(EventReceived(ConversationItemAdded(item=said)))
            await elapse(0.1)
            answer = await told(house, "forget all key")
            assert answer["stuck"] == [] and "how long turns took" in answer["erased"]
            assert house.device.runner.transceiver.state is State.IDLE
            assert (await told(house, "turns"))["turns"] == []
            assert (await told(house, "why"))["wake"] is None
            assert MARKER not in json.dumps(house.device.command("status"))
            assert MARKER not in repr(house.device.runner.flight.entries)
            assert "forgotten" in (await told(house, "privacy 2026-01-01T00:00+00:00"))["notes"][0]
            await elapse(30)
        assert [name for name in marked(tmp_path) if not name.startswith(STAY)] == [
            "lowered.json",
            "lowered.json.new",
        ]
        again = House(tmp_path, url)
        async with running(again):
            await elapse(1)
            assert (await told(again, "timers")).get("timers", []) == []


async def test_without_all_only_the_words_go(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        await told(house, "forget relay")
        plant_one = house.state / "turns.jsonl"
        plant_one.write_text(MARKER)
        relays = (await told(house, "forget relay"))["relays"]
        assert "error" in relays[0] and plant_one.exists()


async def test_a_failure_that_was_looked_at_goes_alone(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        failures = house.device._diary.failures
        seen = failures.keep(Failure("crash", "KeyError", ()))
        stays = failures.keep(Failure("stall", "it stood", ()))
        assert seen is not None
        answer = await told(house, f"forget failure {seen.name}")
        assert answer == {"erased": [f"the failure {seen.name}"], "stuck": []}
        assert failures.kept() == [stays]
        with pytest.raises(ControlError, match="no failure is called"):
            await told(house, "forget failure x")


async def test_what_cannot_be_erased_is_told(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        with pytest.raises(ControlError, match="none of: all, key, relay"):
            house.device.command("forget everything")
