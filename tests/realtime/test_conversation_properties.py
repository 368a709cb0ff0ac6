"""What holds for a conversation whatever a server sends, in whatever order."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import items
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Message, UnknownItem
from edgevoice.realtime.response import ErrorDetails, Response
from edgevoice.realtime.server_events import (
    ConversationItemAdded,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemTruncated,
    ResponseDone,
    ResponseFunctionCallArgumentsDone,
    ResponseOutputAudioTranscriptDelta,
    ResponseOutputAudioTranscriptDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ServerEvent,
)
from edgevoice.realtime.wire import decode_server_event, encode

pytestmark = pytest.mark.slow

MAX_ITEMS = 4
MAX_BYTES = 500
IDS = st.sampled_from(["a", "b", "c", "d", "e", "f", "root", ""])
INDEX = st.integers(0, 3) | st.just(2**53 - 1)
WORDS = st.sampled_from(["", "one ", "two two ", "three " * 30])
STATUS = st.sampled_from([None, "in_progress", "completed", "incomplete"])
CALLS = st.sampled_from(["c1", "c2", ""])
ITEMS = st.one_of(
    st.builds(items.user_audio, WORDS, IDS, STATUS),
    st.builds(items.assistant_audio, WORDS, IDS, STATUS),
    st.builds(items.assistant_text, WORDS, IDS),
    st.builds(Message, st.just("assistant"), id=IDS, status=STATUS),
    st.builds(FunctionCall, st.just("t"), WORDS, CALLS, id=IDS),
    st.builds(items.function_output, CALLS, WORDS, IDS),
    st.builds(lambda id: UnknownItem({"type": "hologram", "id": id}), IDS),
)
ZERO, RESPONSE = st.just(0), st.just("r1")
EVENTS: st.SearchStrategy[ServerEvent] = st.one_of(
    st.builds(ConversationItemAdded, ITEMS, st.none() | IDS),
    st.builds(ConversationItemDone, ITEMS, st.none() | IDS),
    st.builds(ResponseOutputItemAdded, RESPONSE, ZERO, ITEMS),
    st.builds(ResponseOutputItemDone, RESPONSE, ZERO, ITEMS),
    st.builds(ConversationItemDeleted, IDS),
    st.builds(ConversationItemTruncated, IDS, INDEX, ZERO, st.none() | WORDS),
    st.builds(ConversationItemInputAudioTranscriptionDelta, IDS, INDEX, WORDS),
    st.builds(ConversationItemInputAudioTranscriptionCompleted, IDS, INDEX, WORDS),
    st.builds(ResponseOutputAudioTranscriptDelta, RESPONSE, IDS, ZERO, INDEX, WORDS),
    st.builds(ResponseOutputAudioTranscriptDone, RESPONSE, IDS, ZERO, INDEX, WORDS),
    st.builds(ResponseFunctionCallArgumentsDone, RESPONSE, IDS, ZERO, CALLS, RESPONSE, WORDS),
    st.builds(lambda output: ResponseDone(Response(id="r", output=(output,))), ITEMS),
)
HISTORIES = st.lists(EVENTS, max_size=20)


def pairs(conversation: Conversation) -> Counter[str]:
    """How many calls and outputs share each call id."""
    tied = (i for i in conversation.items if isinstance(i, FunctionCall | FunctionCallOutput))
    return Counter(item.call_id for item in tied if item.call_id)


@given(HISTORIES)
def test_bounds_and_order_hold(history: list[ServerEvent]) -> None:
    conversation = Conversation(MAX_ITEMS, MAX_BYTES)
    for event in history:
        before = [item.id for item in conversation.items]
        conversation.apply(event)
        after = [item.id for item in conversation.items]
        assert len(after) == len(set(after)) <= MAX_ITEMS
        assert all(after)
        assert conversation.size_bytes <= MAX_BYTES
        kept = [item_id for item_id in after if item_id in before]
        assert kept == [item_id for item_id in before if item_id in after]


@given(HISTORIES)
def test_only_added_brings_items_in(history: list[ServerEvent]) -> None:
    conversation = Conversation(MAX_ITEMS, MAX_BYTES)
    for event in history:
        before = {item.id for item in conversation.items}
        conversation.apply(event)
        if not isinstance(event, ConversationItemAdded):
            assert {item.id for item in conversation.items} <= before


@given(st.lists(st.sampled_from(["say", "call", "return"]), max_size=30), st.data())
def test_bounds_never_split_a_call_from_its_output(acts: list[str], data: st.DataObject) -> None:
    conversation = Conversation(MAX_ITEMS, MAX_BYTES)
    for number, act in enumerate(acts):
        id, call_id = f"i{number}", data.draw(st.sampled_from(["c1", "c2"]))
        item = {
            "say": items.user_text("hi", id),
            "call": FunctionCall("t", "{}", call_id, id=id),
            "return": items.function_output(call_id, "x" * 60, id),
        }[act]
        expected = pairs(conversation)
        conversation.apply(ConversationItemAdded(item))
        expected[call_id] += act != "say"
        left = pairs(conversation)
        assert all(left[call_id] in (0, count) for call_id, count in expected.items())


@given(HISTORIES)
def test_an_interrupted_item_takes_no_more_words(history: list[ServerEvent]) -> None:
    conversation = Conversation(MAX_ITEMS, MAX_BYTES)
    cut: dict[str, object] = {}
    for event in history:
        conversation.apply(event)
        present = {item.id: item for item in conversation.items}
        cut = {id: item for id, item in cut.items() if conversation.is_interrupted(id)}
        if not isinstance(event, ConversationItemTruncated):
            assert all(present[id] == item for id, item in cut.items())
        cut = {id: item for id, item in present.items() if conversation.is_interrupted(id)}


@given(HISTORIES)
def test_the_wire_changes_nothing(history: list[ServerEvent]) -> None:
    near, far = Conversation(MAX_ITEMS, MAX_BYTES), Conversation(MAX_ITEMS, MAX_BYTES)
    for event in history:
        changed = near.apply(event)
        assert far.apply(decode_server_event(encode(event))) == changed
    assert near.items == far.items
    assert near.digest() == far.digest()


SAID = st.sampled_from(["", "Hello.", "One two three. "])


class Session:
    """A relay's writer and what it says, event by event; the law-abiding kind."""

    def __init__(self) -> None:
        self.writer = Conversation(MAX_ITEMS * 8, MAX_BYTES * 20)
        self.said: list[ServerEvent | str] = []
        """A text: here the device has `heard` that item to its end, or `interrupts` it."""
        self._count = 0
        self._late: list[ServerEvent] = []
        """What the device asks for comes through while it goes on."""

    def publish(self, *events: ServerEvent) -> None:
        for event in events:
            self.writer.apply(event)
            self.said.append(event)

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def hear(self, words: str, fails: bool) -> None:
        id = self.new("u")
        self.publish(ConversationItemAdded(items.user_audio(id=id, status="completed")))
        self.publish(ConversationItemDone(items.user_audio(id=id, status="completed")))
        if fails:
            self.publish(
                ConversationItemInputAudioTranscriptionFailed(id, 0, ErrorDetails(message="x"))
            )
            return
        self.publish(ConversationItemInputAudioTranscriptionDelta(id, 0, words[:3]))
        self.publish(ConversationItemInputAudioTranscriptionCompleted(id, 0, words))
        self.catch_up()

    def catch_up(self) -> None:
        late, self._late = self._late, []
        self.publish(*late)

    def answer(self, words: str, cut: int | None, by_device: bool) -> None:
        """To its end, or as far as it was heard; who interrupts knows first."""
        id = self.new("a")
        self.publish(ConversationItemAdded(Message("assistant", id=id, status="in_progress")))
        for word in words.split():
            self.publish(ResponseOutputAudioTranscriptDelta("r", id, 0, 0, word + " "))
        status = "incomplete" if cut in (0, 4, 9) and not by_device else "completed"
        self.publish(ResponseOutputAudioTranscriptDone("r", id, 0, 0, words))
        self.publish(ConversationItemDone(items.assistant_audio(words, id, status)))
        if cut is not None:
            truncated = ConversationItemTruncated(id, 0, cut, words[:cut])
            if by_device:
                self.said.append(f"interrupts {id}")
                self._late.append(truncated)
            else:
                self.publish(truncated)
        self.said.append(f"heard {id}")

    def use_tool(self, name: str, is_answered: bool) -> None:
        id = self.new("f")
        self.publish(ConversationItemAdded(FunctionCall(name, "", id, id=id, status="in_progress")))
        done = FunctionCall(name, "{}", id, id=id, status="completed")
        self.publish(ConversationItemDone(done))
        if is_answered:
            output = items.function_output(id, "1", self.new("o"))
            self.publish(ConversationItemAdded(output))


CUTS = st.none() | st.integers(0, 12)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just(Session.hear), SAID, st.booleans()),
        st.tuples(st.just(Session.answer), SAID, CUTS, st.booleans()),
        st.tuples(st.just(Session.use_tool), st.sampled_from(["t", "s"]), st.booleans()),
    ),
    max_size=9,
)


def lived(acts: list[tuple[Any, ...]]) -> Session:
    session = Session()
    for act, *arguments in acts:
        act(session, *arguments)
    session.catch_up()
    return session


def followed(said: list[ServerEvent | str]) -> Conversation:
    """As a device does; what it was still playing at the end is not heard."""
    replica = Conversation(MAX_ITEMS * 8, MAX_BYTES * 20)
    playing: set[str] = set()
    for event in said:
        if isinstance(event, str):
            act, _, id = event.partition(" ")
            playing.discard(id)
            if act == "interrupts":
                replica.doubt(id)
            continue
        replica.apply(decode_server_event(encode(event)))
        if isinstance(event, ConversationItemAdded) and isinstance(event.item, Message):
            playing |= {event.item.id} if event.item.role == "assistant" else set()
    for id in playing:
        replica.doubt(id)
    return replica


@given(ACTS)
def test_the_replica_and_the_writer_agree(acts: list[tuple[Any, ...]]) -> None:
    session = lived(acts)
    replica = followed(session.said)
    assert replica.digest() == session.writer.digest()
    assert replica.settled_item_id() == session.writer.settled_item_id()


@given(ACTS, st.data())
def test_cut_off_anywhere_they_agree_on_what_is_settled(
    acts: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    session = lived(acts)
    replica = followed(session.said[: data.draw(st.integers(0, len(session.said)))])
    settled = replica.settled_item_id()
    if settled:
        count = min(3, replica.count(settled))
        assert session.writer.digest(settled) == replica.digest(settled)
        assert session.writer.digest(settled, count) == replica.digest(settled, count)


@given(ACTS)
def test_what_is_seeded_has_the_digest_of_what_was_said(acts: list[tuple[Any, ...]]) -> None:
    known, sown = lived([act for act in acts if act[0] is not Session.use_tool]).writer, Session()
    for seed in known.text_items():
        sown.writer.insert(seed)
    assert sown.writer.digest() == known.digest()


@given(HISTORIES)
def test_seeds_can_be_sown(history: list[ServerEvent]) -> None:
    conversation = Conversation(MAX_ITEMS, MAX_BYTES)
    for event in history:
        conversation.apply(event)
    sown = Conversation(MAX_ITEMS, MAX_BYTES)
    for seed in conversation.text_items():
        sown.insert(seed)
    assert sown.text_items() == conversation.text_items()


@given(HISTORIES, ITEMS, st.none() | IDS)
def test_a_refused_insert_changes_nothing(
    history: list[ServerEvent], item: items.Item, previous: str | None
) -> None:
    conversation = Conversation(MAX_ITEMS, MAX_BYTES)
    for event in history:
        conversation.apply(event)
    before = conversation.items
    if not item.id:
        return
    try:
        follows = conversation.insert(item, previous)
    except RemoteProtocolError:
        assert conversation.items == before
    else:
        assert follows is None or follows in {item.id for item in before}
        assert conversation.size_bytes <= MAX_BYTES
