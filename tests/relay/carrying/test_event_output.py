"""An answer's sound in events: sent when the last of them is written."""

import asyncio

import numpy as np

from edgevoice.relay.carrying.event_output import EventOutput
from tests.virtual_time import elapse


class Queue:
    put = written = 0


class Told:
    def __init__(self, output: EventOutput) -> None:
        self.log: list[str] = []
        output.on_first_packet = lambda: self.log.append("first")
        output.on_drained = lambda: self.log.append("drained")


def make() -> tuple[Queue, EventOutput, Told]:
    queue = Queue()
    output = EventOutput(queue)
    return queue, output, Told(output)


def play(queue: Queue, output: EventOutput, ms: int = 100) -> None:
    queue.put += 1
    output.play(np.zeros(ms * 24, np.int16))


def write(queue: Queue, output: EventOutput, events: int = 1) -> None:
    queue.written += events
    output.wrote()


async def test_what_is_written_is_sent():
    queue, output, told = make()
    output.begin()
    play(queue, output)
    play(queue, output)
    assert (output.sent_ms, told.log) == (0, [])
    write(queue, output)
    assert (output.sent_ms, told.log) == (100, ["first"])
    write(queue, output)
    assert (output.sent_ms, told.log) == (200, ["first"])


async def test_it_is_drained_with_its_last_event():
    queue, output, told = make()
    output.begin()
    play(queue, output)
    queue.put += 1  # response.output_audio.done
    output.end()
    await elapse(1)
    assert told.log == []
    write(queue, output)
    assert told.log == ["first", "drained"]
    write(queue, output)
    assert told.log == ["first", "drained"]


async def test_what_is_written_already_is_drained_at_once_but_not_within_the_call():
    queue, output, told = make()
    output.begin()
    play(queue, output)
    write(queue, output)
    output.end()
    assert told.log == ["first"]
    await asyncio.sleep(0)
    assert told.log == ["first", "drained"]


async def test_an_answer_without_sound_is_drained_too():
    _, output, told = make()
    output.begin()
    output.end()
    await asyncio.sleep(0)
    assert told.log == ["drained"]


async def test_what_waits_is_on_its_way_when_it_is_cut_and_nothing_more_is_told():
    queue, output, told = make()
    output.begin()
    play(queue, output)
    play(queue, output)
    output.end()
    assert output.clear() == 200
    write(queue, output, 2)
    await elapse(1)
    assert "drained" not in told.log


async def test_the_next_answer_counts_from_its_own_beginning():
    queue, output, _ = make()
    output.begin()
    play(queue, output)
    output.clear()
    output.begin()
    play(queue, output, 300)
    write(queue, output)
    assert output.sent_ms == 0
    write(queue, output)
    assert output.sent_ms == 300
    assert output.departures().frames == 0
