"""Other programs are lowered, and what they were is given back, whatever happened meanwhile."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.other_sound import LOWERED, SAME, OtherSound, remembered
from edgevoice.hardware.sound.pactl import Pactl, Playing
from edgevoice.hardware.system.state_file import StateFile
from tests.pulse import Pulse
from tests.virtual_time import elapse, run

OURS = 77
FULL = (65_536, 65_536)
LOW = (32_846, 32_846)
"""-18 dB."""


class House:
    """A sound server that, like the real ones, remembers how loud a program was last."""

    is_installed = True

    def __init__(self) -> None:
        self.streams: dict[int, Playing] = {}
        self.memory: dict[str, tuple[int, ...]] = {}
        self.down = False
        self.next_index = 1
        self.looks = 0

    def begin(self, owner: str, *volumes: int, process: int | None = 1) -> int:
        index, self.next_index = self.next_index, self.next_index + 1
        now = self.memory.get(owner, volumes or FULL)
        self.streams[index] = Playing(index, owner, now, process)
        return index

    def end(self, index: int) -> None:
        del self.streams[index]

    def volumes(self, index: int) -> tuple[int, ...]:
        return self.streams[index].volumes

    def turn(self, index: int, *volumes: int) -> None:
        self.streams[index] = replace(self.streams[index], volumes=volumes)
        self.memory[self.streams[index].owner] = volumes

    async def playing(self) -> list[Playing]:
        self.looks += 1
        if self.down:
            raise AudioError("Connection failure: Connection refused")
        return list(self.streams.values())

    async def set_volumes(self, index: int, volumes: Sequence[int]) -> None:
        await asyncio.sleep(0.01)
        if index not in self.streams:
            raise AudioError("Failure: No such entity")
        self.turn(index, *volumes)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "lowered.json")


@asynccontextmanager
async def beside(
    house: House, file: StateFile, enabled: bool = True
) -> AsyncIterator[tuple[OtherSound, Callable[[], None]]]:
    """The component at work, and how to kill it without a word."""
    other = OtherSound(enabled, file, house, OURS)
    running = asyncio.ensure_future(other.run())
    await elapse(0.1)
    try:
        yield other, lambda: setattr(house, "down", True)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_others_are_lowered_and_given_back_exactly(house: House, file: StateFile) -> None:
    music, film = house.begin("music", 60_001, 45_007), house.begin("film", 20_000)
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        assert house.volumes(music) == (round(60_001 * LOWERED), round(45_007 * LOWERED))
        assert house.volumes(film) == (round(20_000 * LOWERED),)
        other.restore()
        await elapse(0.1)
        assert house.volumes(music) == (60_001, 45_007)
        assert house.volumes(film) == (20_000,)


async def test_we_and_the_server_itself_are_not_lowered(house: House, file: StateFile) -> None:
    ours, canceller = house.begin("edgevoice", process=OURS), house.begin("aec", process=None)
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(2)
        assert house.volumes(ours) == house.volumes(canceller) == FULL


async def test_what_begins_meanwhile_is_lowered_too_and_once(house: House, file: StateFile) -> None:
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        music = house.begin("music")
        await elapse(5)
        assert house.volumes(music) == LOW
        other.restore()
        await elapse(0.1)
        assert house.volumes(music) == FULL


async def test_the_next_track_of_a_player_is_not_lowered_twice_and_is_given_back(
    house: House, file: StateFile
) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        house.end(music)
        await elapse(2)
        music = house.begin("music")
        await elapse(2)
        assert house.volumes(music) == LOW
        other.restore()
        await elapse(0.1)
        assert house.volumes(music) == FULL


async def test_a_second_stream_of_a_program_begins_as_low_and_is_given_back(
    house: House, file: StateFile
) -> None:
    first = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        second = house.begin("music")
        await elapse(2)
        third = house.begin("music")
        assert house.volumes(first) == house.volumes(second) == house.volumes(third) == LOW
        other.restore()
        await elapse(0.1)
        assert house.volumes(first) == house.volumes(second) == house.volumes(third) == FULL


async def test_a_program_that_ended_lowered_gets_its_loudness_when_it_plays_again(
    house: House, file: StateFile
) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        house.end(music)
        other.restore()
        await elapse(120)
        music = house.begin("music")
        assert house.volumes(music) == LOW
        await elapse(300)
        assert house.volumes(music) == FULL


async def test_what_somebody_else_has_changed_is_left_alone(house: House, file: StateFile) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        house.turn(music, 10_000, 10_000)
        await elapse(3)
        assert house.volumes(music) == (10_000, 10_000)
        other.restore()
        await elapse(0.1)
        assert house.volumes(music) == (10_000, 10_000)


async def test_stopping_the_program_gives_back(house: House, file: StateFile) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        assert house.volumes(music) == LOW
    assert house.volumes(music) == FULL


@pytest.mark.parametrize("enabled", [True, False])
async def test_after_a_crash_the_next_start_gives_back(
    house: House, file: StateFile, enabled: bool
) -> None:
    """Also when the option has been switched off in between."""
    music = house.begin("music")
    async with beside(house, file) as (other, kill):
        other.duck()
        await elapse(0.1)
        kill()
    assert house.volumes(music) == LOW
    house.down = False
    async with beside(house, file, enabled):
        assert house.volumes(music) == FULL


async def test_a_server_that_was_restarted_gives_old_numbers_to_others(
    house: House, file: StateFile
) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        house.end(music)
        house.next_index = music
        film = house.begin("film")
        await elapse(2)
        assert house.volumes(film) == LOW
        other.restore()
        await elapse(0.1)
        assert house.volumes(film) == FULL


async def test_a_server_that_is_away_is_said_once_and_waited_for(
    house: House, file: StateFile, caplog: pytest.LogCaptureFixture
) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        house.down = True
        other.duck()
        await elapse(5)
        assert caplog.text.count("Connection refused") == 1
        house.down = False
        await elapse(1.5)
        assert house.volumes(music) == LOW


async def test_orders_that_follow_at_once_leave_things_as_the_last_one_says(
    house: House, file: StateFile
) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.005)
        other.restore()
        other.duck()
        other.restore()
        await elapse(1)
        assert house.volumes(music) == FULL


async def test_nothing_is_looked_at_without_need(house: House, file: StateFile) -> None:
    house.begin("music")
    async with beside(house, file) as (other, _):
        await elapse(3600)
        assert house.looks == 0
        other.duck()
        await elapse(0.1)
        other.restore()
        await elapse(3600)
        assert house.looks == 2
    async with beside(house, file, enabled=False) as (other, _):
        other.duck()
        await elapse(10)
        assert house.looks == 2


async def test_who_never_comes_back_is_looked_for_ever_more_seldom(
    house: House, file: StateFile
) -> None:
    music = house.begin("music")
    async with beside(house, file) as (other, _):
        other.duck()
        await elapse(0.1)
        house.end(music)
        other.restore()
        house.looks = 0
        await elapse(3600)
        assert 10 < house.looks < 25


async def test_without_pactl_it_says_so_once_and_ends(
    house: House, file: StateFile, caplog: pytest.LogCaptureFixture
) -> None:
    house.is_installed = False
    async with asyncio.timeout(1):
        await OtherSound(True, file, house, OURS).run()
        await OtherSound(False, file, house, OURS).run()
    assert caplog.text.count("sudo apt install pulseaudio-utils") == 1
    assert house.looks == 0


ORDERS = st.sampled_from(["duck", "restore", "begin", "end", "wait", "crash"])


@given(st.lists(ORDERS, max_size=25))
def test_however_it_went_every_stream_is_as_loud_as_before(orders: list[str]) -> None:
    """Players come and go, conversations begin and end, the program is killed and started."""
    run(_history(orders))


class Memory(StateFile):
    """A state file of no file."""

    def __init__(self) -> None:
        self.text = "{}"

    def load(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.text)
        return state

    def save(self, state: Mapping[str, Any]) -> bool:
        self.text = json.dumps(state)
        return True


async def _history(orders: list[str]) -> None:
    house, file = House(), Memory()
    other = OtherSound(True, file, house, OURS)
    running = asyncio.ensure_future(other.run())
    await elapse(0.1)
    for order in orders:
        if order == "begin":
            house.begin(f"player {house.next_index % 3}", 50_000 + house.next_index % 3)
        elif order == "end" and house.streams:
            house.end(min(house.streams))
        elif order == "wait":
            await elapse(1.5)
        elif order == "crash":
            house.down = True
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            house.down = False
            other = OtherSound(True, file, house, OURS)
            running = asyncio.ensure_future(other.run())
        elif order in ("duck", "restore"):
            getattr(other, order)()
            await elapse(0.1)
    other.restore()
    await elapse(1)
    for player in range(3):
        house.begin(f"player {player}", 50_000 + player)
    await elapse(400)
    for stream in house.streams.values():
        wanted = 50_000 + int(stream.owner[-1])
        assert abs(stream.volumes[0] - wanted) <= SAME, (stream, file.text)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


GOOD = {"index": 3, "owner": "music", "before": [65_536], "after": [32_845]}


@pytest.mark.parametrize(
    "entries",
    [None, 5, [5], [{}], [{**GOOD, "before": ["loud"]}], [{**GOOD, "after": [-1]}],
     [{**GOOD, "owner": None}], [{**GOOD, "before": 2}]],
)  # fmt: skip
def test_what_is_damaged_in_the_file_is_left_out(entries: object) -> None:
    assert remembered({"lowered": entries}) == []


def test_what_is_whole_in_the_file_is_used() -> None:
    [entry] = remembered({"lowered": [GOOD, {}]})
    assert (entry.index, entry.before) == (3, (65_536,))


PROGRAMS = {"music": 80, "film": 50, "ourselves": 100}


class Player:
    """A real program that plays silence on a real server."""

    def __init__(self, name: str, percent: int) -> None:
        self.process = subprocess.Popen(
            ["pacat", "--playback", f"--client-name={name}", "--device=loudspeaker",
             f"--volume={65_536 * percent // 100}", "/dev/zero"],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def players(pulse: Pulse) -> Iterator[list[Player]]:
    subprocess.run(["pactl", "load-module", "module-stream-restore"], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    subprocess.run(["pactl", "load-module", "module-loopback", "source=room.monitor"], check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    players = [Player(name, percent) for name, percent in PROGRAMS.items()]
    yield players
    for player in players:
        player.stop()


def loudness(streams: list[Playing]) -> dict[str, int]:
    """Per program; the server's own streams are called by what they are."""
    return {_program(stream): stream.volumes[0] for stream in streams}


def _program(stream: Playing) -> str:
    return stream.owner.split(":")[-1]


async def until(wanted: dict[str, int], present: Sequence[Player]) -> None:
    """Programs are that loud, and of the players these are there and no others."""
    wanted_ids = {player.process.pid for player in present}

    def is_seen(streams: list[Playing]) -> bool:
        ids = {stream.process_id for stream in streams if _program(stream) in PROGRAMS}
        return ids == wanted_ids and wanted.items() <= loudness(streams).items()

    async with asyncio.timeout(20):
        while not is_seen(await Pactl().playing()):  # noqa: ASYNC110 a process, no event
            await asyncio.sleep(0.02)


@pytest.mark.e2e
@pytest.mark.slow
async def test_two_programs_on_a_real_server(
    pulse: Pulse, players: list[Player], file: StateFile
) -> None:
    before = {"music": 52_428, "film": 32_768, "ourselves": 65_536, "abstract": 65_536}
    lowered = before | {name: round(before[name] * LOWERED) for name in ("music", "film")}
    await until(before, players)
    other = OtherSound(True, file, own_process=players[2].process.pid)
    running = asyncio.ensure_future(other.run())
    other.duck()
    await until(lowered, players)
    players[0].stop()  # and its next track begins as low as this one ended
    players[0] = Player("music", PROGRAMS["music"])
    await until(lowered, players)
    other.restore()
    await until(before, players)
    other.duck()
    await until(lowered, players)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert before.items() <= loudness(await Pactl().playing()).items()


@pytest.mark.e2e
async def test_a_real_server_that_is_gone(pulse: Pulse) -> None:
    pulse.kill()
    with pytest.raises(AudioError, match="Connection refused"):
        await Pactl().playing()
    assert os.environ["PULSE_SERVER"].startswith("unix:")
