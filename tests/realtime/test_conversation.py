"""Conversations as stories: what the server says, and what is left in memory."""

import pytest

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.realtime import items
from edgevoice.realtime.client_events import ConversationItemCreate
from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import ContentPart, FunctionCall, Item, Message, UnknownItem
from edgevoice.realtime.response import ErrorDetails, Response
from edgevoice.realtime.server_events import (
    ConversationCreated,
    ConversationId,
    ConversationItemAdded,
    ConversationItemCreated,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemRetrieved,
    ConversationItemTruncated,
    InputAudioBufferSpeechStarted,
    ResponseContentPartAdded,
    ResponseCreated,
    ResponseDone,
    ResponseFunctionCallArgumentsDone,
    ResponseOutputAudioTranscriptDelta,
    ResponseOutputAudioTranscriptDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
    ServerEvent,
)
from edgevoice.realtime.wire import decode_client_event, encode


def following(*events: ServerEvent, **bounds: int) -> Conversation:
    replica = Conversation(**bounds)
    for event in events:
        replica.apply(event)
    return replica


def ids(conversation: Conversation) -> str:
    return " ".join(item.id for item in conversation.items)


def told(conversation: Conversation) -> list[str]:
    """The seeds, as `role: words`."""
    return [f"{m.role}: {' '.join(p.words for p in m.content)}" for m in conversation.text_items()]


def assistant(id: str = "a1", status: str = "in_progress", *parts: ContentPart) -> Message:
    return Message("assistant", parts, id=id, status=status)


def delta(words: str, id: str = "a1") -> ResponseOutputAudioTranscriptDelta:
    return ResponseOutputAudioTranscriptDelta("r1", id, 0, 0, words)


def transcript(words: str, id: str = "a1") -> ResponseOutputAudioTranscriptDone:
    return ResponseOutputAudioTranscriptDone("r1", id, 0, 0, words)


def heard_user(words: str = "Hello.") -> ConversationItemInputAudioTranscriptionCompleted:
    return ConversationItemInputAudioTranscriptionCompleted("u1", 0, words)


USER_ADDED = ConversationItemAdded(items.user_audio(id="u1", status="completed"))
ASSISTANT_ADDED = ConversationItemAdded(assistant(), "u1")
TURN: list[ServerEvent] = [
    USER_ADDED,
    ConversationItemDone(items.user_audio(id="u1", status="completed")),
    ResponseCreated(Response(id="r1", status="in_progress", conversation_id="conv_1")),
    ResponseOutputItemAdded("r1", 0, assistant()),
    ASSISTANT_ADDED,
    heard_user(),
    ResponseContentPartAdded("r1", "a1", 0, 0, ContentPart("audio", transcript="")),
    delta("Good "),
    delta("morning."),
    transcript("Good morning."),
]
ENDING: list[ServerEvent] = [
    ResponseOutputItemDone("r1", 0, items.assistant_audio("Good morning.", "a1", "completed")),
    ConversationItemDone(items.assistant_audio("Good morning.", "a1", "completed"), "u1"),
    ResponseDone(Response(id="r1", status="completed")),
]
TRUNCATED = ConversationItemTruncated("a1", 0, 400)


# Following a server


def test_a_spoken_turn() -> None:
    replica = following(*TURN, *ENDING)
    assert replica.id == "conv_1"
    assert told(replica) == ["user: Hello.", "assistant: Good morning."]


def test_an_answer_counts_when_it_is_complete() -> None:
    replica = following(*TURN)
    assert replica.items[1] == items.assistant_audio("Good morning.", "a1", "in_progress")
    assert told(replica) == ["user: Hello."]


def test_what_the_user_said_counts_when_it_is_understood() -> None:
    part = ConversationItemInputAudioTranscriptionDelta("u1", delta="Hel")
    replica = following(USER_ADDED, part, part)
    assert replica.items == (items.user_audio("HelHel", "u1", "completed"),)
    assert told(replica) == []
    replica.apply(heard_user())
    assert told(replica) == ["user: Hello."]


def test_a_transcript_survives_a_done_that_has_none() -> None:
    replica = following(USER_ADDED, heard_user())
    assert not replica.apply(ConversationItemDone(items.user_audio(id="u1", status="completed")))
    assert told(replica) == ["user: Hello."]


def test_partial_words_stay_partial_through_a_done_that_has_none() -> None:
    part = ConversationItemInputAudioTranscriptionDelta("u1", 0, "Hel")
    replica = following(USER_ADDED, part, ConversationItemDone(items.user_audio(id="u1")))
    assert told(replica) == []


def test_an_answer_complete_with_its_words_needs_no_transcript_event() -> None:
    replica = following(USER_ADDED, ASSISTANT_ADDED, delta("Good "), *ENDING[1:])
    assert told(replica) == ["assistant: Good morning."]


def test_a_part_announced_late_erases_nothing() -> None:
    assert following(*TURN).items == following(*TURN, TURN[6]).items


def test_nothing_is_answered_from_an_answer_still_being_given() -> None:
    assert [item.id for item in following(*TURN).heard_items()] == ["u1"]
    assert [item.id for item in following(*TURN, *ENDING).heard_items()] == ["u1", "a1"]


def test_failed_recognition_leaves_nothing_said() -> None:
    replica = following(
        USER_ADDED,
        ConversationItemInputAudioTranscriptionDelta("u1", 0, "Hel"),
        ConversationItemInputAudioTranscriptionFailed("u1", 0, ErrorDetails(message="noise")),
    )
    assert replica.items == (items.user_audio(id="u1", status="completed"),)
    assert told(replica) == []


def test_a_written_answer() -> None:
    replica = following(
        ConversationItemAdded(assistant()),
        ResponseContentPartAdded("r1", "a1", 0, 0, ContentPart("text", text="")),
        ResponseOutputTextDelta("r1", "a1", 0, 0, "Goo"),
        ResponseOutputTextDone("r1", "a1", 0, 0, "Good."),
        ResponseDone(Response(id="r1", output=(assistant("a1", "completed"),))),
    )
    assert replica.items == (
        assistant("a1", "completed", ContentPart("output_text", text="Good.")),
    )
    assert told(replica) == ["assistant: Good."]


def test_items_stand_where_the_server_puts_them() -> None:
    replica = following(
        ConversationItemAdded(items.user_text("1", "one")),
        ConversationItemAdded(items.user_text("3", "three"), "one"),
        ConversationItemCreated(items.user_text("2", "two"), "one"),
        ConversationItemAdded(items.user_text("0", "zero"), "root"),
        ConversationItemAdded(items.user_text("4", "four"), "never seen"),
        ConversationItemAdded(items.user_text("5", "five")),
    )
    assert ids(replica) == "zero one two three four five"
    assert replica.last_item_id == "five"


def test_a_server_that_says_it_twice_moves_nothing() -> None:
    replica = following(USER_ADDED, ASSISTANT_ADDED, USER_ADDED)
    assert ids(replica) == "u1 a1"


def test_deleted_items_do_not_come_back() -> None:
    replica = following(*TURN, ConversationItemDeleted("a1"), *ENDING)
    assert ids(replica) == "u1"
    assert not replica.apply(ConversationItemDeleted("a1"))


def test_a_response_outside_the_conversation_stays_outside() -> None:
    outside = items.assistant_audio("Psst.", "a9", "completed")
    replica = following(
        ResponseOutputItemAdded("r9", 0, outside),
        delta("Psst.", "a9"),
        ResponseOutputItemDone("r9", 0, outside),
        ResponseDone(Response(id="r9", output=(outside,))),
    )
    assert replica.items == ()


def test_a_tool_call_and_its_output() -> None:
    call = FunctionCall("set_timer", "", "c1", id="f1", status="in_progress")
    replica = following(
        ConversationItemAdded(call),
        ResponseFunctionCallArgumentsDone("r1", "f1", 0, "c1", "set_timer", '{"s":300}'),
    )
    assert replica.items[0] == FunctionCall(
        "set_timer", '{"s":300}', "c1", id="f1", status="in_progress"
    )
    assert replica.heard_items() == ()
    replica.apply(ConversationItemAdded(items.function_output("c1", "{}", "o1"), "f1"))
    assert [item.id for item in replica.heard_items()] == ["f1", "o1"]
    assert replica.text_items() == ()


def test_arguments_for_what_is_no_call_are_dropped() -> None:
    stray = ResponseFunctionCallArgumentsDone("r1", "u1", 0, "c1", "t", "{}")
    assert not following(USER_ADDED).apply(stray)
    assert not following().apply(stray)


def test_an_orphaned_output_is_not_answered_from() -> None:
    replica = following(ConversationItemAdded(items.function_output("c1", "{}", "o1")))
    assert ids(replica) == "o1"
    assert replica.heard_items() == ()


def test_an_unknown_item_keeps_its_place() -> None:
    hologram = UnknownItem({"type": "hologram", "id": "h1", "beams": 2})
    replica = following(USER_ADDED, ConversationItemAdded(hologram, "u1"), ASSISTANT_ADDED)
    assert ids(replica) == "u1 a1 h1"
    assert hologram in replica.heard_items()
    assert not replica.apply(delta("x", "h1"))


def test_what_changes_nothing_says_so() -> None:
    replica = following(*TURN, *ENDING)
    before = replica.digest()
    for event in (
        InputAudioBufferSpeechStarted("u2", 900),
        ConversationItemRetrieved(items.user_text("other", "u1")),
        delta("x", "nobody"),
        transcript("x", "nobody"),
        ConversationItemDone(items.user_text("late", "nobody")),
        ConversationItemTruncated("nobody", 0, 10),
        ConversationItemAdded(items.user_text("nameless")),
        ConversationCreated(ConversationId()),
    ):
        assert not replica.apply(event)
    assert replica.digest() == before
    assert replica.apply(ConversationCreated(ConversationId("conv_2")))
    assert replica.id == "conv_2"


# Interruptions


def test_unheard_words_leave_when_the_server_truncates() -> None:
    replica = following(*TURN, TRUNCATED)
    assert replica.is_interrupted("a1")
    assert replica.items[1] == Message(
        "assistant", (ContentPart("output_audio"),), id="a1", status="incomplete"
    )
    assert told(replica) == ["user: Hello."]


def test_nothing_brings_unheard_words_back() -> None:
    late = [delta("Good"), transcript("Good morning."), *ENDING, TURN[6], ASSISTANT_ADDED]
    replica = following(*TURN, TRUNCATED, *late)
    assert told(replica) == ["user: Hello."]
    assert replica.digest() == following(*TURN, TRUNCATED).digest()


def test_an_answer_truncated_after_it_was_complete() -> None:
    replica = following(*TURN, *ENDING, TRUNCATED)
    assert told(replica) == ["user: Hello."]


def test_a_cancelled_answer_does_not_count_until_somebody_knows_what_was_heard() -> None:
    cancelled = items.assistant_audio("Good morning.", "a1", "incomplete")
    replica = following(*TURN, ConversationItemDone(cancelled))
    assert told(replica) == ["user: Hello."]
    replica.apply(ConversationItemTruncated("a1", 0, 400, heard_text="Good"))
    assert told(replica) == ["user: Hello.", "assistant: Good"]


def test_our_relay_tells_what_was_heard() -> None:
    replica = following(*TURN, ConversationItemTruncated("a1", 0, 400, heard_text="Good"), *ENDING)
    assert told(replica) == ["user: Hello.", "assistant: Good"]
    assert replica.items[1].id in [item.id for item in replica.heard_items()]


def test_words_known_to_have_been_heard_outlive_a_server_that_keeps_none() -> None:
    replica = following(*TURN)
    replica.truncate("a1", 0, 400, "Good")
    replica.apply(TRUNCATED)
    assert told(replica) == ["user: Hello.", "assistant: Good"]


def test_an_interruption_before_the_first_word() -> None:
    replica = following(USER_ADDED, ASSISTANT_ADDED, TRUNCATED, *TURN[6:], *ENDING)
    assert replica.is_interrupted("a1")
    assert told(replica) == []


# Writing


def writer() -> Conversation:
    written = Conversation()
    for event in [*TURN, *ENDING]:
        written.apply(event)
    return written


def test_inserting_says_what_the_item_follows() -> None:
    written = Conversation()
    assert written.insert(items.user_text("b", "b")) is None
    assert written.insert(items.user_text("d", "d")) == "b"
    assert written.insert(items.user_text("c", "c"), "b") == "b"
    assert written.insert(items.user_text("a", "a"), "root") is None
    assert ids(written) == "a b c d"


def test_a_client_may_not_insert_after_nothing_or_twice() -> None:
    written = writer()
    with pytest.raises(RemoteProtocolError, match="'gone' is not in the conversation"):
        written.insert(items.user_text("x", "x"), "gone")
    with pytest.raises(RemoteProtocolError, match="'' is not in the conversation"):
        written.insert(items.user_text("x", "x"), "")
    with pytest.raises(RemoteProtocolError, match="'u1' exists already"):
        written.insert(items.user_text("x", "u1"))
    with pytest.raises(LocalProtocolError):
        written.insert(items.user_text("x"))
    assert ids(written) == "u1 a1"


def test_an_item_larger_than_the_conversation_is_refused() -> None:
    written = Conversation(max_bytes=500)
    written.insert(items.user_text("small", "s"))
    with pytest.raises(RemoteProtocolError, match="500"):
        written.insert(items.user_text("x" * 600, "x"))
    assert not written.apply(ConversationItemAdded(items.user_text("x" * 600, "x")))
    assert ids(written) == "s"


def test_retrieving_and_deleting() -> None:
    written = writer()
    assert written.retrieve("u1") == items.user_audio("Hello.", "u1", "completed")
    written.delete("u1")
    for forbidden in (written.retrieve, written.delete):
        with pytest.raises(RemoteProtocolError, match="'u1' is not in the conversation"):
            forbidden("u1")


def test_truncating_keeps_what_was_heard() -> None:
    written = writer()
    written.truncate("a1", 0, 400, "Good")
    assert written.retrieve("a1") == items.assistant_audio("Good", "a1", "incomplete")


@pytest.mark.parametrize(
    ("item_id", "index", "ms", "said"),
    [
        ("gone", 0, 10, "is not in the conversation"),
        ("u1", 0, 10, "is not the assistant's"),
        ("a1", 1, 10, "has 1 parts"),
        ("a1", -1, 10, "has 1 parts"),
        ("a1", 0, -10, "at -10 ms"),
        ("text", 0, 10, "is not audio"),
    ],
)
def test_truncating_what_cannot_be(item_id: str, index: int, ms: int, said: str) -> None:
    written = writer()
    written.insert(items.assistant_text("read", "text"))
    with pytest.raises(RemoteProtocolError, match=said):
        written.truncate(item_id, index, ms)
    assert told(written)[-2:] == ["assistant: Good morning.", "assistant: read"]


def test_samples_are_never_kept() -> None:
    loud: Item = Message("user", (ContentPart("input_audio", audio="A" * 90_000),), id="u")
    written = Conversation(max_bytes=1_000)
    written.insert(loud)
    written.apply(ConversationItemDone(loud))
    assert written.items == (items.user_audio(id="u"),)
    assert written.size_bytes < 200


# Between sessions


def test_both_ends_agree_word_for_word() -> None:
    relay, device = Conversation(), Conversation()
    for event in [*TURN, ConversationItemTruncated("a1", 0, 400, heard_text="Good"), *ENDING]:
        relay.apply(event)
        device.apply(event)
        assert relay.digest() == device.digest()


def test_a_writer_that_truncates_agrees_with_whoever_is_told() -> None:
    relay, device = writer(), writer()
    relay.truncate("a1", 0, 400, "Good")
    assert relay.digest() != device.digest()
    device.apply(ConversationItemTruncated("a1", 0, 400, heard_text="Good"))
    assert relay.digest() == device.digest()


def test_the_digest_is_stable() -> None:
    assert Conversation().digest() == "4f53cda18c2baa0c"
    assert writer().digest() == "792efe645223f5c5"


def added(*said: Item) -> Conversation:
    return following(*(ConversationItemAdded(item) for item in said))


A, B = items.user_text("a", "1"), items.user_text("b", "2")
CALL, OUTPUT = FunctionCall("t", "{}", "c1", id="f"), items.function_output("c1", "1", "o")


def test_the_digest_sees_words_ids_and_order() -> None:
    different = [
        added(),
        added(A),
        added(A, B),
        added(B, A),
        added(items.user_text("a", "3")),
        added(items.system_text("a", "1")),
        added(CALL, OUTPUT),
        added(FunctionCall("t", "[]", "c1", id="f"), OUTPUT),
        added(CALL, items.function_output("c1", "2", "o")),
    ]
    assert len({conversation.digest() for conversation in different}) == len(different)


@pytest.mark.parametrize(
    "unheard",
    [
        items.assistant_audio("x", "3", "in_progress"),
        items.assistant_audio("x", "3", "incomplete"),
        items.user_audio(id="3"),
        CALL,
        OUTPUT,
        UnknownItem({"type": "hologram", "id": "3"}),
    ],
)
def test_the_digest_is_of_what_was_said_and_heard(unheard: Item) -> None:
    assert added(A, unheard, B).digest() == added(A, B).digest()


def test_written_or_spoken_is_the_same_digest() -> None:
    spoken, written = following(*TURN, *ENDING), Conversation()
    for seed in spoken.text_items():
        written.insert(seed)
    assert written.items != spoken.items
    assert written.digest() == spoken.digest()


def test_a_digest_up_to_an_item_ignores_what_comes_after() -> None:
    assert added(A, B).digest("1") == added(A).digest() == added(A, CALL, OUTPUT).digest("f")
    assert added(A).digest("2") == ""
    assert added(A, B).count("1") == 1


def test_a_digest_of_the_last_items_ignores_forgotten_ones() -> None:
    narrow = following(*(ConversationItemAdded(item) for item in (A, B, CALL, OUTPUT)), max_items=3)
    assert narrow.digest() != added(A, B, CALL, OUTPUT).digest()
    assert narrow.digest("o", 3) == added(A, B, CALL, OUTPUT).digest("o", 3)
    assert narrow.digest("o", 4) != added(A, B, CALL, OUTPUT).digest("o", 4)


# What is certain


def test_what_is_unfinished_settles_nothing_behind_it() -> None:
    assert added(A, B).settled_item_id() == "2"
    assert following(*TURN[:-1]).settled_item_id() == "u1"
    assert following(*TURN, *ENDING).settled_item_id() == "a1"
    assert added(A, assistant("3"), B).settled_item_id() == "1"
    assert Conversation().settled_item_id() == ""


def test_what_was_never_heard_is_settled_and_does_not_count() -> None:
    assert added(A, items.user_audio(id="3")).settled_item_id() == "1"
    assert added(A, assistant("3", "incomplete"), B).settled_item_id() == "2"


def test_only_what_the_other_end_holds_can_be_settled() -> None:
    assert added(A, B).settled_item_id({"1"}) == "1"
    assert added(A, B).settled_item_id({"2"}) == ""
    assert added(A, items.user_audio(id="3"), B).settled_item_id({"1", "2"}) == "2"


def test_an_interrupted_answer_is_in_doubt_until_the_server_says_what_was_heard() -> None:
    replica = following(*TURN)
    replica.doubt("a1")
    for event in ENDING:  # the relay had finished it before it learnt of the interruption
        replica.apply(event)
    assert (told(replica), replica.settled_item_id()) == (["user: Hello."], "u1")
    replica.apply(ConversationItemTruncated("a1", 0, 400, heard_text="Good"))
    assert told(replica) == ["user: Hello.", "assistant: Good"]
    assert replica.settled_item_id() == "a1"
    replica.doubt("nobody")


# Parts of it


def test_what_comes_behind_an_item() -> None:
    known = added(A, CALL, OUTPUT, B)
    assert known.text_items("1") == (B,)
    assert known.heard_items("f") == (OUTPUT, B)
    assert known.text_items("nobody") == known.text_items() == (A, B)
    assert known.ids("f") == {"1", "f"}
    assert known.ids("") == frozenset()


def test_what_is_told_makes_the_same_digest() -> None:
    known = following(*TURN, ConversationItemTruncated("a1", 0, 400, heard_text="Good"))
    for item in (CALL, OUTPUT, assistant("3"), FunctionCall("t", "{}", "c2", id="g")):
        known.apply(ConversationItemAdded(item))
    assert added(*known.told_items()).digest() == known.digest()
    assert added(*known.told_items()).settled_item_id() == "o"


def test_a_copy_goes_its_own_way() -> None:
    first = following(*TURN, max_items=7)
    second = first.copy()
    second.apply(TRUNCATED)
    second.remove(["u1", "nobody"])
    assert ids(first) == "u1 a1" and not first.is_interrupted("a1")
    assert (ids(second), second.id) == ("a1", "conv_1")
    assert second.unheard_ids() == ("a1",)


def test_the_same_words_are_known() -> None:
    known = added(A, assistant("3", "incomplete", ContentPart("output_text", "x")))
    assert known.says(items.user_audio("a", "1"))
    assert not known.says(items.user_text("other", "1"))
    assert not known.says(B)
    assert not known.says(items.assistant_text("x", "3"))


def test_seeds_are_accepted_by_another_session() -> None:
    old, new = writer(), Conversation()
    for seed in old.text_items():
        sent = decode_client_event(encode(ConversationItemCreate(seed)))
        assert isinstance(sent, ConversationItemCreate)
        new.insert(sent.item, sent.previous_item_id)
    assert told(new) == told(old) == ["user: Hello.", "assistant: Good morning."]
    assert [part.type for seed in new.text_items() for part in seed.content] == [
        "input_text",
        "output_text",
    ]


def test_forgetting() -> None:
    written = writer()
    written.clear()
    assert (written.items, written.id, written.size_bytes) == ((), "", 0)


# Bounds


def test_the_oldest_are_forgotten_first() -> None:
    added = [ConversationItemAdded(items.user_text("x", f"i{n}")) for n in range(7)]
    assert ids(following(*added, max_items=3)) == "i4 i5 i6"


def test_writing_forgets_the_oldest_too() -> None:
    written = Conversation(max_items=2)
    for name in ("a", "b", "c"):
        written.insert(items.user_text(name, name))
    assert ids(written) == "b c"


def test_an_endless_answer_is_bounded() -> None:
    replica = following(USER_ADDED, ASSISTANT_ADDED, max_bytes=1_000)
    for _ in range(300):
        replica.apply(delta("more "))
        assert replica.size_bytes <= 1_000
    assert replica.items == ()
