"""States for those who read, however slowly they do."""

import asyncio
from contextlib import aclosing

from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.broadcast import HEARTBEAT_S, INTERVAL_S, MOST_READERS, Broadcast
from tests.relay.monitoring.house import began
from tests.virtual_time import elapse


class Relay:
    """Its state is how often something has happened."""

    def __init__(self) -> None:
        self.happened = 0
        self.asked = 0
        self.broadcast = Broadcast(self._state)

    def _state(self) -> str:
        self.asked += 1
        return str(self.happened)

    def happens(self, fact: facts.Fact | None = None) -> None:
        self.happened += 1
        self.broadcast.see(fact or began(), 0.0)


def state(number: int) -> bytes:
    return b"event: state\ndata: %d\n\n" % number


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_state_at_once_and_then_each_change():
    relay = Relay()
    async with aclosing(relay.broadcast.read()) as states:
        assert await anext(states) == state(0)
        asyncio.get_running_loop().call_later(3.0, relay.happens)
        before = now()
        assert await anext(states) == state(1)
        assert now() - before == 3.0


async def test_many_changes_are_one_state():
    relay = Relay()
    async with aclosing(relay.broadcast.read()) as states:
        await anext(states)
        for _ in range(100):
            relay.happens()
        before = now()
        assert await anext(states) == state(100)
        assert now() - before == INTERVAL_S


async def test_what_happens_while_a_state_is_on_its_way_is_told_next():
    relay = Relay()
    async with aclosing(relay.broadcast.read()) as states:
        await anext(states)
        relay.happens()
        await elapse(60)  # the reader is slow
        relay.happens()
        assert await anext(states) == state(2)
        before = now()
        assert await anext(states) == state(2)
        assert now() - before == HEARTBEAT_S


async def test_measurements_alone_are_no_news():
    relay = Relay()
    async with aclosing(relay.broadcast.read()) as states:
        await anext(states)
        relay.happens(facts.LoopLagged(0.1))
        before = now()
        await anext(states)
        assert now() - before == HEARTBEAT_S


async def test_the_readers_are_counted_and_let_go():
    relay = Relay()
    streams = [relay.broadcast.read() for _ in range(MOST_READERS)]
    for stream in streams:
        await anext(stream)
    assert relay.broadcast.is_full
    for stream in streams:
        await stream.aclose()
    assert (relay.broadcast.readers, relay.broadcast.is_full) == (0, False)


async def test_all_readers_share_one_state():
    relay = Relay()
    streams = [relay.broadcast.read() for _ in range(5)]
    for number in range(3):
        told = await asyncio.gather(*(anext(stream) for stream in streams))
        assert told == [state(number)] * 5
        relay.happens()
    assert relay.asked == 3
    for stream in streams:
        await stream.aclose()


async def test_the_end_is_told_to_everybody():
    relay = Relay()

    async def reader() -> int:
        return len([text async for text in relay.broadcast.read()])

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(reader()) for _ in range(3)]
        await elapse(1.0)
        relay.broadcast.close()
    assert [task.result() for task in readers] == [1, 1, 1]
