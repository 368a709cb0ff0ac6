"""The last reason of each kind, over restarts and after forgetting."""

import asyncio
from datetime import timedelta
from pathlib import Path

from edgevoice.daemon.diary.explain import Reason
from edgevoice.daemon.diary.reasons import MOST_OF_A_KIND, NAME, RECENT_S, SETTLE_S, Reasons
from tests.daemon.diary.test_privacy_log import WallClock
from tests.virtual_time import elapse


def miss(score: float) -> Reason:
    return Reason("non-wake", f"nearly {score}", {"score": score})


async def test_they_outlive_the_program(tmp_path: Path) -> None:
    reasons = Reasons(tmp_path, WallClock())
    task = asyncio.ensure_future(reasons.run())
    reasons.add(Reason("wake", "it was called"))
    await elapse(SETTLE_S + 1)
    reasons.add(Reason("stop", "it was told to"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    after = Reasons(tmp_path, WallClock())
    after.load()
    assert after.told()["wake"]["sentence"] == "it was called"
    assert after.told()["stop"]["sentence"] == "it was told to"
    assert after.told()["refusal"] is None


async def test_the_best_near_miss_of_the_last_minutes_is_told() -> None:
    clock = WallClock()
    reasons = Reasons(Path("/nowhere"), clock)
    reasons.add(miss(0.49))
    clock.now += timedelta(seconds=RECENT_S + 1)
    assert reasons.told()["non-wake"]["sentence"] == "nearly 0.49"
    for score in (0.3, 0.4, 0.35):
        reasons.add(miss(score))
    assert reasons.told()["non-wake"]["sentence"] == "nearly 0.4"


async def test_garbage_is_no_reason(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"wake": [7, {}, {"at": "x"}], "stop": "x", "dance": [1]}')
    reasons = Reasons(tmp_path, WallClock())
    reasons.load()
    assert not any(reasons.told().values())


async def test_they_are_bounded() -> None:
    reasons = Reasons(Path("/nowhere"), WallClock())
    for _ in range(100):
        reasons.add(miss(0.4))
    assert reasons.forget() == MOST_OF_A_KIND


async def test_what_is_forgotten_is_not_saved_afterwards(tmp_path: Path) -> None:
    reasons = Reasons(tmp_path, WallClock())
    task = asyncio.ensure_future(reasons.run())
    await asyncio.sleep(0)
    reasons.add(miss(0.4))
    await elapse(SETTLE_S - 1)
    reasons.forget()
    reasons.erase()
    await elapse(SETTLE_S * 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not any(Reasons(tmp_path, WallClock()).told().values())
    assert not (tmp_path / NAME).exists()
