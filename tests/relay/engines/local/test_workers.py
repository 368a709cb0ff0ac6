"""Threads for networks."""

import threading

import pytest

from edgevoice.relay.engines.local.workers import Workers


async def test_work_is_done_in_a_thread_and_counted():
    workers = Workers(2)
    go = threading.Event()
    waiting = [workers.run(go.wait, 5) for _ in range(2)]
    assert not workers.have_time
    go.set()
    assert [await each for each in waiting] == [True, True]
    assert workers.have_time
    assert await workers.run(threading.get_ident) != threading.get_ident()
    workers.close()


async def test_an_error_arrives_where_the_result_would():
    workers = Workers(1)
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0)
    assert workers.have_time
    workers.close()
