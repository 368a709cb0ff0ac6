"""The clock of the other tests."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from tests import virtual_time

A_MINUTE_S = 60.0
"""`scripts/test` runs these on a machine that has better to do; an hour is longer all the same."""


def real_seconds(story: Coroutine[Any, Any, None]) -> float:
    began = time.monotonic()
    virtual_time.run(story)
    return time.monotonic() - began


def test_an_hour_takes_no_time() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(3600)
        assert loop.time() - began == pytest.approx(3600)

    assert real_seconds(story()) < A_MINUTE_S


def test_timers_run_in_their_order() -> None:
    heard: list[str] = []

    async def after(delay_s: float, name: str) -> None:
        await asyncio.sleep(delay_s)
        heard.append(name)

    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(after(3, "c"))
            tasks.create_task(after(1, "a"))
            tasks.create_task(after(2, "b"))

    virtual_time.run(story())
    assert heard == ["a", "b", "c"]


def test_a_timeout_is_virtual_too() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()

    assert real_seconds(story()) < A_MINUTE_S


def test_the_clock_waits_for_threads() -> None:
    """A job of 50 ms in a thread ends before a virtual sleep of an hour does."""
    order: list[str] = []

    async def job() -> None:
        await asyncio.to_thread(threading.Event().wait, 0.05)
        order.append("job")

    async def sleeper() -> None:
        await asyncio.sleep(3600)
        order.append("sleeper")

    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(job())
            tasks.create_task(sleeper())

    virtual_time.run(story())
    assert order == ["job", "sleeper"]


def test_what_was_sent_over_a_socket_arrives_before_time_goes_on() -> None:
    async def story() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            async with asyncio.timeout(0.001):
                assert await reader.readline() == b"hello\n"
            writer.close()
            await writer.wait_closed()

    virtual_time.run(story())
