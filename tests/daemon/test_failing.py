"""A whole device that fails, in each way it can, and what its owner finds afterwards."""

import asyncio
import json
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.daemon.diary.runs import NAME as RUN
from edgevoice.errors import SpeakerError
from edgevoice.transceiver.actions import Announce, Problem
from edgevoice.transceiver.inputs import StopRequested
from edgevoice.transceiver.states import State
from edgevoice.transceiver.step import Step
from tests.daemon.test_app import Broken, House, running
from tests.daemon.test_runner import mind
from tests.virtual_time import elapse

pytestmark = pytest.mark.models


def left(house: House) -> list[Path]:
    return sorted((house.state / "failures").glob("*"))


def why_it_ended(house: House) -> str:
    told = json.loads((house.state / RUN).read_text())
    return str(told.get("trouble", "")) if "ended" not in told else "in good order"


def clumsy(house: House) -> Broken:
    setup = mind().setup
    assert setup is not None
    return Broken(setup.turn, setup.context, setup.link, (), wake_phrase_samples=0)


async def test_after_a_broken_invariant_why_names_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path)
    async with running(house):
        house.device.runner.transceiver = clumsy(house)
        house.device.command("stop")
        await elapse(0.1)
        (failure,) = left(house)
        told = house.device.command("why")
        assert isinstance(told, dict)
        assert told["failure"]["sentence"] == (
            f"an invariant broke (a bug); `edgevoice replay {failure}` plays what led to it"
        )
    assert main(["replay", str(failure)]) == 1  # the transceiver that is shipped has no such bug
    assert "what broke then does not break any more" in capsys.readouterr().out


async def test_a_bug_anywhere_else_ends_the_program_and_leaves_as_much(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "edgevoice")
    house = House(tmp_path)
    async with running(house) as task:
        house.device.command("stop")
        await elapse(0.1)

        def slip(step: Step, mind: object) -> None:
            raise KeyError("grandmother's birthday")

        house.device.runner.watchers.append(slip)
        house.device.command("stop")
        with pytest.raises(ExceptionGroup):
            await task
    (failure,) = left(house)
    assert failure.name.endswith("-crash")
    assert why_it_ended(house).startswith(f"it broke down (KeyError); `edgevoice replay {failure}`")
    assert "test_failing.py" in (failure / "stacks.txt").read_text()
    assert "listens" in (failure / "log.txt").read_text()
    assert "grandmother" not in "".join(p.read_text() for p in failure.iterdir())
    assert main(["replay", "--quiet", str(failure)]) == 0


@pytest.mark.parametrize("end", ["stopped", "torn down", "expected"])
async def test_no_other_end_is_a_failure(tmp_path: Path, end: str) -> None:
    house = House(tmp_path)
    async with running(house) as task:
        if end == "torn down":
            task.cancel()
        if end == "expected":

            def gone(step: Step, mind: object) -> None:
                raise SpeakerError("the speaker is gone")

            house.device.runner.watchers.append(gone)
            house.device.runner.post(StopRequested("x"))
            await asyncio.gather(task, return_exceptions=True)
    assert left(house) == [] and why_it_ended(house) == "in good order"


async def test_a_session_that_is_cut_off_is_kept_once_in_a_while(tmp_path: Path) -> None:
    house = House(tmp_path)
    cut_off = Announce(Problem.CONNECTION_LOST)
    step = Step(1.0, StopRequested("x"), State.LISTENING, [cut_off], State.IDLE)
    async with running(house):
        for _ in range(3):
            house.device._diary.failing.watch(step)
        await elapse(0.1)
        (failure,) = left(house)
        told = house.device.command("why")
        assert isinstance(told, dict)
        assert str(failure) in told["failure"]["sentence"]
    assert failure.name.endswith("-session")


async def test_who_stands_still_says_where(tmp_path: Path) -> None:
    house = House(tmp_path)
    async with running(house):
        house.device._diary.failing.stands_still("thread MainThread\n  x.py:1 f\n")
        house.device._diary.failing.stuck("the wake words were not scored any more")
        await elapse(0.1)
        (failure,) = left(house)
    assert "x.py:1 f" in (failure / "stacks.txt").read_text()
