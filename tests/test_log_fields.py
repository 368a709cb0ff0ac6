"""Ids on every line of one piece of work, and on no other."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from edgevoice.log_fields import AddFields, log_fields, stand
from tests import virtual_time


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.addFilter(AddFields())
        self.lines: list[tuple[str, str | None]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), getattr(record, "session", None)))


log = logging.Logger("edgevoice.test")


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def test_two_sessions_at_a_time(kept: Kept) -> None:
    async def session(name: str) -> None:
        with log_fields(session=name):
            for _ in range(2):
                await asyncio.sleep(1)
                log.info("goes on")

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(session("a"))
            group.create_task(session("b"))
        log.info("over")

    virtual_time.run(both())
    assert kept.lines == [
        ("goes on", "a"), ("goes on", "b"), ("goes on", "a"), ("goes on", "b"), ("over", None),
    ]  # fmt: skip


def test_tasks_and_timers_that_outlive_it_keep_them(kept: Kept) -> None:
    async def later() -> None:
        await asyncio.sleep(1)
        log.info("task")

    async def main() -> None:
        with log_fields(session="a"):
            asyncio.get_running_loop().call_later(2, lambda: log.info("timer"))
            task = asyncio.create_task(later())
        await task
        await asyncio.sleep(2)

    virtual_time.run(main())
    assert kept.lines == [("task", "a"), ("timer", "a")]


def test_the_line_itself_knows_better(kept: Kept) -> None:
    with log_fields(session="a"), log_fields(session="b"):
        log.info("inner")
        log.info("own", extra={"session": "c"})
    assert kept.lines == [("inner", "b"), ("own", "c")]


def test_what_stands_is_on_every_line_until_it_is_taken_off(kept: Kept) -> None:
    stand(session="a")
    log.info("anybody")
    with log_fields(session="b"):
        log.info("somebody in particular")
    stand(session="")
    log.info("over")
    assert kept.lines == [("anybody", "a"), ("somebody in particular", "b"), ("over", None)]
