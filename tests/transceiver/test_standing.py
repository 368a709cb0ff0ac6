import logging

import pytest

from edgevoice.transceiver.actions import Show
from edgevoice.transceiver.indication import Facts, Indication
from edgevoice.transceiver.standing import IllegalTransition, Standing
from edgevoice.transceiver.states import TRANSITIONS, State


def test_an_illegal_move_names_both_states():
    with pytest.raises(IllegalTransition, match="idle -> speaking"):
        Standing(Facts()).go(State.SPEAKING, "a bug", 0.0)


def test_an_illegal_move_is_an_assertion_so_that_the_runner_recovers():
    assert issubclass(IllegalTransition, AssertionError)


def test_staying_is_not_a_move():
    standing = Standing(Facts())
    assert standing.go(State.IDLE, "nothing", 0.0) == []


def test_a_move_is_logged_with_its_reason_and_the_time_spent(caplog):
    standing = Standing(Facts())
    with caplog.at_level(logging.INFO):
        standing.go(State.CONNECTING, "wake", 10.0)
        standing.go(State.LISTENING, "link opened", 11.4)
    assert caplog.messages == [
        "idle -> connecting (wake, 0.0 s)",
        "connecting -> listening (link opened, 1.4 s)",
    ]


def test_several_facts_flash_once():
    standing = Standing(Facts())
    standing.note(offline=True)
    standing.note(muted=True)
    assert standing.show() == [Show(Indication.MUTED)]
    assert standing.show() == []
    standing.note(muted=False)
    assert standing.show() == [Show(Indication.OFFLINE)]


def test_every_state_can_be_reached_and_left_for_idle():
    seen, todo = {State.IDLE}, [State.IDLE]
    while todo:
        for state in TRANSITIONS[todo.pop()] - seen:
            seen.add(state)
            todo.append(state)
    assert seen == set(State)
    assert all(State.IDLE in TRANSITIONS[state] for state in State if state is not State.IDLE)
