"""What must hold on the device at every step, and when the trouble is over."""

import asyncio

from edgevoice.daemon.diary.failures import FOLDER
from edgevoice.transceiver.indication import SESSION
from edgevoice.transceiver.states import State
from tests.properties.device_world import World
from tests.properties.wire_in_memory import MOST_BYTES

MOST_TASKS = 70
"""Two dozen components, one session with its ways, and those of the relay, which is here too."""
LATE_S = 2.0
RESOLVED_S = 25.0
"""After so long whoever said something was heard, or told that it was in vain."""


def check(world: World) -> None:
    assert not world.running.done() or world.running.exception() is None, world.running.exception()
    assert not world.wrong, world.wrong
    check_gate(world)
    check_bounds(world)
    since = world.busy_since
    until = None if since is None else since + world.owner["session_s"] + LATE_S
    assert until is None or world.now < until, "a session goes on for ever"
    check_unbroken(world)
    check_words(world)


def check_unbroken(world: World) -> None:
    """The program survives a broken invariant of its own; here it must not come to that."""
    for left in (world.folder / "state" / FOLDER).glob("*-invariant*/*.json"):
        raise AssertionError(left.read_text()[:2_000])


def check_gate(world: World) -> None:
    device, mind = world.device, world.mind
    is_open = device._gate.is_open
    assert is_open == (device._light.shown in SESSION), f"{is_open}, shown: {device._light.shown}"
    assert not is_open or mind.state is not State.IDLE
    assert is_open or device._gate.take() is None, "the gate is closed, and hands out sound"
    if mind.facts.muted:
        assert not is_open and not world.microphone.is_open, "muted, and the microphone is open"
        ring = device._ring
        assert not ring.read(ring.start, ring.end).any(), "muted, and what was heard is kept"


def check_bounds(world: World) -> None:
    device = world.device
    assert device.runner._inbox.qsize() < 100, "inputs pile up"
    ring = device._ring
    assert ring.end - ring.start <= 30.5 * 16_000
    assert len(asyncio.all_tasks(asyncio.get_running_loop())) < MOST_TASKS, "tasks pile up"
    conversation = world.mind.conversation
    assert len(conversation.items) <= 100 and conversation.size_bytes <= 65_536
    assert len(device.turns.reports) <= 50
    assert len(device._link._over) <= 2, "links are left open"
    for way in world.far.ways:
        assert max(way.near.coming_bytes, way.far.coming_bytes) <= 2 * MOST_BYTES
    for _, inbox in device._neighbours._neighbourhood._inboxes:
        assert len(inbox._untold) <= 64


def check_words(world: World) -> None:
    """Nobody speaks in vain without a word of it."""
    for one in world.said:
        due = one.open_all_the_time and world.now > one.until + RESOLVED_S
        if due and not world.heard(one):
            assert world.explained(one), f"nobody heard {one}; told: {world.told[-3:]}"
    world.said = [one for one in world.said if world.now <= one.until + RESOLVED_S]
