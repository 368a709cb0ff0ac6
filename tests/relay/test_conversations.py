"""What outlives a session: for whom, how long, how much, and which words of it."""

from dataclasses import replace

import pytest

from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import (
    FunctionCall,
    Item,
    assistant_audio,
    function_output,
    user_audio,
)
from edgevoice.relay.conversations import MOST, MOST_OF_ONE, Conversations, TakenUp

KEEP_S = 3_600.0
SAID = (
    user_audio("what time is it", "u1", "completed"),
    assistant_audio("ten past nine", "a1", "completed"),
)


def conversation(name: str = "conv_1", *items: Item) -> Conversation:
    made = Conversation()
    made.id = name
    for item in items or SAID:
        made.insert(item)
    return made


def claim(known: Conversation, item_id: str = "a1") -> ContextClaim:
    return ContextClaim(known.id, item_id, known.digest(item_id), known.count(item_id))


def held(*items: Item) -> tuple[Conversations, Conversation]:
    store, known = Conversations(KEEP_S), conversation("conv_1", *items)
    store.hold("kitchen", known)
    return store, known


def ids(taken: TakenUp | None) -> list[str]:
    assert taken is not None
    return [item.id for item in taken.conversation.items]


def test_what_is_held_is_taken_up_again() -> None:
    store, known = held()
    store.release(known, now=10.0)
    taken = store.take_up("kitchen", claim(known), now=20.0)
    assert ids(taken) == ["u1", "a1"]
    assert taken is not None
    assert (taken.last_item_id, taken.digest) == ("a1", known.digest())
    assert taken.told.conversation_id == "conv_1"
    assert taken.later == ()


def test_nothing_is_known_to_whoever_claims_nothing() -> None:
    store, _ = held()
    assert store.take_up("kitchen", None, now=0.0) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"conversation_id": "conv_2"},
        {"digest": "0" * 16},
        {"items": 1},
        {"item_id": "u1"},
    ],
)
def test_what_is_not_the_same_is_not_taken_up(wrong: dict[str, object]) -> None:
    store, known = held()
    assert store.take_up("kitchen", replace(claim(known), **wrong), now=0.0) is None


def test_nobody_else_can_take_it_up() -> None:
    store, known = held()
    assert store.take_up("hall", claim(known), now=0.0) is None


def test_it_is_forgotten_in_time() -> None:
    store, known = held()
    store.forget_old(now=99_999.0)
    assert len(store) == 1  # a session lives from it
    store.release(known, now=10.0)
    store.forget_old(now=10.0 + KEEP_S - 1)
    assert len(store) == 1
    assert store.take_up("kitchen", claim(known), now=10.0 + KEEP_S) is None
    assert len(store) == 0


def test_a_session_in_which_nothing_was_said_leaves_nothing() -> None:
    store, silent = Conversations(KEEP_S), Conversation()
    silent.id = "conv_1"
    store.hold("kitchen", silent)
    store.release(silent, now=0.0)
    assert len(store) == 0


def test_nothing_is_held_where_nothing_is_to_be_held() -> None:
    store = Conversations(keep_s=0.0)
    store.hold("kitchen", conversation())
    assert len(store) == 0


def test_the_second_session_takes_it_from_the_first() -> None:
    store, first = held()
    taken = store.take_up("kitchen", claim(first), now=0.0)
    assert taken is not None
    second = taken.conversation
    store.hold("kitchen", second)
    first.insert(user_audio("too late", "u9", "completed"))
    store.release(first, now=0.0)
    store.forget_old(now=99_999.0)
    assert ids(store.take_up("kitchen", claim(second), now=99_999.0)) == ["u1", "a1"]


def test_a_call_that_comes_to_nothing_changes_nothing() -> None:
    store, known = held(*SAID, assistant_audio("unheard", "a2", "completed"))
    store.take_up("kitchen", claim(known), now=0.0)
    assert [item.id for item in known.items] == ["u1", "a1", "a2"]


class TestBehindWhatTheDeviceKnows:
    def test_what_the_user_said_stays_and_is_announced(self) -> None:
        later = user_audio("and in Rome", "u2", "completed")
        store, known = held(*SAID, later)
        taken = store.take_up("kitchen", claim(known), now=0.0)
        assert ids(taken) == ["u1", "a1", "u2"]
        assert taken is not None and taken.later == (later,)

    def test_what_the_assistant_said_was_heard_by_nobody(self) -> None:
        store, known = held(
            *SAID,
            assistant_audio("by the way", "a2", "completed"),
            user_audio("yes", "u2", "completed"),
            assistant_audio("unheard", "a3", "in_progress"),
        )
        assert ids(store.take_up("kitchen", claim(known), now=0.0)) == ["u1", "a1", "u2"]

    def test_what_a_tool_has_done_is_done(self) -> None:
        call = FunctionCall("lamp", "{}", "c1", id="f1", status="completed")
        other = FunctionCall("lamp", "{}", "c2", id="f2", status="completed")
        store, known = held(*SAID, call, function_output("c1", "{}", "o1"), other)
        assert ids(store.take_up("kitchen", claim(known), now=0.0)) == ["u1", "a1", "f1", "o1"]

    def test_what_was_never_understood_goes(self) -> None:
        store, known = held(*SAID, user_audio(id="u2", status="completed"))
        assert ids(store.take_up("kitchen", claim(known), now=0.0)) == ["u1", "a1"]


def test_a_relay_that_holds_less_says_how_much() -> None:
    store, known = held()
    ahead = conversation("conv_1", *SAID, user_audio("and in Rome", "u2", "completed"))
    taken = store.take_up("kitchen", claim(ahead, "u2"), now=0.0)
    assert taken is not None
    assert (taken.last_item_id, taken.digest) == ("a1", known.digest())


def test_a_device_that_has_forgotten_more_is_known_by_what_it_has() -> None:
    store, _ = held()
    narrow = conversation("conv_1", SAID[1])
    assert ids(store.take_up("kitchen", claim(narrow), now=0.0)) == ["u1", "a1"]


def test_the_least_recently_used_of_one_caller_go_first() -> None:
    store = Conversations(KEEP_S)
    for number in range(MOST_OF_ONE + 1):
        store.hold("kitchen", conversation(f"conv_{number}"))
    store.hold("hall", conversation("conv_hall"))
    assert len(store) == MOST_OF_ONE + 1
    assert store.take_up("kitchen", claim(conversation("conv_0")), now=0.0) is None
    assert store.take_up("kitchen", claim(conversation("conv_1")), now=0.0) is not None


def test_there_is_room_for_so_many() -> None:
    store = Conversations(KEEP_S)
    for number in range(MOST + 3):
        store.hold(f"owner_{number}", conversation(f"conv_{number}"))
    assert len(store) == MOST
    assert store.take_up("owner_2", claim(conversation("conv_2")), now=0.0) is None
    assert store.take_up("owner_3", claim(conversation("conv_3")), now=0.0) is not None


def test_a_caller_may_have_its_own_forgotten_and_nobody_elses() -> None:
    store, known = held()
    store.hold("hall", conversation("conv_2"))
    assert store.forget("kitchen") == 1
    store.release(known, now=10.0)
    assert store.take_up("kitchen", claim(known), now=20.0) is None
    assert len(store) == 1
    assert store.forget("kitchen") == 0
