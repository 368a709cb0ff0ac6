"""What must hold in every session of the relay, at every step."""

import asyncio

from edgevoice.relay.carrying.outbox import KEPT_BYTES, KEPT_EVENTS, MOST_ASKERS
from edgevoice.relay.turns.hearing import KEPT_S
from tests.properties.relay_client import HOLD_S, IDLE_S, SESSION_S, Caller
from tests.relay.test_session_properties import PAIRS

MOST_TASKS = 64
"""The session's own, its transports, and a few answers beside the conversation."""
LATE_S = 2.0
"""For goodbyes."""


def check(caller: Caller, now: float, began: float) -> None:
    """The order of events is checked as they are seen."""
    caller.look()
    check_bounds(caller)
    assert not caller.session.is_running or now < began + SESSION_S + LATE_S, "it goes on for ever"
    check_silence(caller)
    outbox = caller.session._state.outbox
    if caller.is_connected and caller.extensions and outbox.is_open:
        assert len(caller.seen) == outbox.count, "an event came twice, or never"
    if caller.is_connected and caller.is_replica:
        mine, theirs = caller.replica, caller.session.conversation
        told = f"the two ends remember different words: {mine.heard_items()} {theirs.heard_items()}"
        assert mine.digest() == theirs.digest(), told


def check_bounds(caller: Caller) -> None:
    session = caller.session
    outbox = session._state.outbox
    assert len(outbox._kept) <= KEPT_EVENTS and outbox._kept_bytes <= KEPT_BYTES
    assert len(outbox._askers) <= MOST_ASKERS
    assert len(session._tasks) <= MOST_TASKS, "tasks pile up"
    conversation = session.conversation
    assert len(conversation.items) <= 100 and conversation.size_bytes <= 65_536
    ring = session._brain._hearing._ring  # type: ignore[attr-defined]
    assert ring.end - ring.start <= (KEPT_S + 1) * 16_000
    # What is to be played again after a break, and no more.
    assert session._voice._sound.duration_ms <= 600_000


def check_silence(caller: Caller) -> None:
    """What was cut off is no more than what was sent, and its words are no more than were made."""
    for event in caller.seen[-20:]:
        if event["type"] == "conversation.item.truncated":
            assert event["audio_end_ms"] >= 0


def check_closed(caller: Caller) -> None:
    """After a long silence: whatever was opened is closed, exactly once."""
    for opens, closes, name in PAIRS:
        assert about(caller, opens, name) == about(caller, closes, name), closes


def about(caller: Caller, kind: str, name: str) -> list[str]:
    found = [event[name] for event in caller.seen if event["type"] == kind]
    return sorted(what["id"] if isinstance(what, dict) else what for what in found)


def check_nothing_left(caller: Caller, loop: asyncio.AbstractEventLoop) -> None:
    """After the end."""
    left = [task for task in asyncio.all_tasks(loop) if not task.done()]
    assert not left, f"left behind: {left}"
    for listener in caller.engine.listeners:
        is_heard = any(len(u.samples) == len(listener.samples) for u in caller.engine.utterances)
        assert listener.abandoned or is_heard, "somebody listens for ever"


PATIENCE_S = SESSION_S + HOLD_S + IDLE_S
