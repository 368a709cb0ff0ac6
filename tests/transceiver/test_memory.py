"""What a relay is told of the sessions before: what it lacks, and nothing nobody heard."""

import pytest

from edgevoice.config import ContextConfig
from edgevoice.realtime.client_events import ConversationItemCreate
from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.realtime.items import (
    FunctionCall,
    assistant_audio,
    assistant_text,
    function_output,
    user_text,
)
from edgevoice.realtime.server_events import (
    ConversationItemAdded,
    ConversationItemDone,
    ConversationItemTruncated,
    EdgevoiceConversation,
    ServerEvent,
    SessionUpdated,
)
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    ForgetRequested,
    LinkLost,
    PlayoutDrained,
    PlayoutFlushed,
    StopRequested,
)
from edgevoice.transceiver.memory import ContextCounters, Memory, Remembered
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    Story,
    audio_part,
    done,
    item_added,
    linked,
    sent,
    session_created,
    stream_over,
    wake,
)
from tests.transceiver.story import created as created_response

stop = StopRequested("owner")
NEW = EdgevoiceConversation(conversation_id="conv_new")
QUESTION, ANSWER = ("user", "what time is it"), ("assistant", "ten past nine")


def holding(claim: ContextClaim) -> ServerEvent:
    """The relay has what is claimed."""
    return EdgevoiceConversation(
        conversation_id=claim.conversation_id, last_item_id=claim.item_id, digest=claim.digest
    )


def created(events: list[object]) -> list[ConversationItemCreate]:
    return [event for event in events if isinstance(event, ConversationItemCreate)]


def seeds(events: list[object]) -> list[tuple[str, str]]:
    """Role and words of the items created."""
    return [(e.item.role, e.item.content[0].text) for e in created(events)]  # type: ignore[attr-defined]


def places(events: list[object]) -> list[str | None]:
    return [event.previous_item_id for event in created(events)]


def talked(story: Story, held: ServerEvent = NEW) -> Story:
    story.connected()
    story.says(held)
    story.says(item_added("what time is it", "item_u1"))
    story.says(item_added("ten past nine", "item_a1", "assistant"))
    story.happens(stop)
    return story


def called(story: Story) -> ContextClaim | None:
    """What the relay is told with the next call."""
    (opened,) = [action for action in story.happens(wake) if isinstance(action, OpenLink)]
    return opened.context


def claimed(story: Story) -> ContextClaim:
    claim = called(story)
    assert claim is not None
    return claim


def greeted(story: Story, *held: ServerEvent) -> list[object]:
    """By our relay, or if it says nothing by any other."""
    story.happens(linked(extensions=bool(held)))
    return sent(story.says(session_created, *held))


def greeting(story: Story, *held: ServerEvent) -> list[object]:
    called(story)
    return greeted(story, *held)


def test_the_first_session_remembers_nothing():
    story = Story()
    assert called(story) is None
    assert seeds(greeted(story, NEW)) == []


@pytest.mark.parametrize("held", [(), (NEW,)], ids=["any server", "ours without it"])
def test_the_next_session_is_told_what_was_said(held):
    told = greeting(talked(Story()), *held)
    assert seeds(told) == [QUESTION, ANSWER]
    assert places(told) == ["root", "item_u1"]


def test_our_relay_is_told_once_it_has_said_what_it_holds():
    story = talked(Story())
    story.happens(wake, linked())
    assert seeds(sent(story.says(session_created))) == []
    assert seeds(sent(story.says(NEW))) == [QUESTION, ANSWER]


def test_a_relay_of_ours_that_is_too_old_to_say_so_is_told_everything():
    story = talked(Story())
    story.happens(wake, linked())
    updated = SessionUpdated(session=session_created.session)
    assert seeds(sent(story.says(session_created))) == []
    assert seeds(sent(story.says(updated))) == [QUESTION, ANSWER]
    assert seeds(sent(story.says(updated))) == []


def test_what_another_server_says_of_conversations_is_nothing_to_us():
    story = talked(Story())
    greeting(story)
    assert sent(story.says(NEW)) == []


def test_the_replica_outlives_the_session():
    story = talked(Story())
    story.happens(wake)
    assert len(story.transceiver.conversation.items) == 2


class TestHeld:
    """The relay has kept the conversation."""

    def test_a_call_names_what_is_known(self):
        claim = claimed(talked(Story()))
        assert (claim.conversation_id, claim.item_id, claim.items) == ("conv_new", "item_a1", 2)

    def test_nothing_is_sent_again(self):
        story = talked(Story())
        assert seeds(greeted(story, holding(claimed(story)))) == []
        counted = story.transceiver.memory.session
        assert (counted.sent_items, counted.sent_bytes, counted.saved_items) == (0, 0, 2)
        assert counted.saved_bytes > 200

    def test_a_relay_that_holds_less_is_told_the_rest(self):
        story = talked(Story())
        digest = story.transceiver.conversation.digest("item_u1")
        less = EdgevoiceConversation(
            conversation_id="conv_new", last_item_id="item_u1", digest=digest
        )
        told = greeting(story, less)
        assert (seeds(told), places(told)) == ([ANSWER], ["item_u1"])
        assert story.transceiver.memory.session.saved_items == 1

    @pytest.mark.parametrize(
        "held",
        [
            EdgevoiceConversation(
                conversation_id="conv_new", last_item_id="item_a1", digest="0" * 16
            ),
            EdgevoiceConversation(conversation_id="conv_new", last_item_id="item_x", digest=""),
            EdgevoiceConversation(conversation_id="conv_new"),
        ],
    )
    def test_whoever_knows_something_else_is_told_everything(self, held):
        assert seeds(greeting(talked(Story()), held)) == [QUESTION, ANSWER]

    def test_another_conversation_is_another_even_with_the_same_words(self):
        story = talked(Story())
        claim = claimed(story)
        other = EdgevoiceConversation(
            conversation_id="conv_2", last_item_id=claim.item_id, digest=claim.digest
        )
        assert seeds(greeted(story, other)) == [QUESTION, ANSWER]
        assert story.transceiver.conversation.id == "conv_2"

    def test_what_was_said_meanwhile_is_not_told_back(self):
        story = talked(Story())
        story.happens(wake)
        story.says(session_created, NEW, item_added("and now", "item_u2"))  # before the link is up
        assert seeds(sent(story.happens(linked()))) == [QUESTION, ANSWER]

    def test_what_the_relay_did_not_repeat_is_not_claimed(self):
        """It never got there: the link broke while the relay was being told."""
        story = talked(Story())
        told = created(greeting(story, EdgevoiceConversation(conversation_id="conv_2")))
        story.says(ConversationItemAdded(item=told[0].item))
        story.happens(stop)
        assert claimed(story).item_id == "item_u1"

    def test_another_greeting_in_the_same_session_is_answered_too(self):
        """The link was opened anew, and the relay had forgotten the session."""
        story = talked(Story())
        assert len(seeds(greeting(story, NEW))) == 2
        story.transceiver.memory.claim()
        story.says(item_added("and now", "item_u2"))  # while the next link was being made
        told = sent(story.says(session_created, NEW))
        assert seeds(told) == [QUESTION, ANSWER, ("user", "and now")]

    def test_a_claim_of_a_session_that_goes_on_after_all_is_no_matter(self):
        story = talked(Story())
        greeted(story, holding(claimed(story)))
        story.says(item_added("and now", "item_u2"))
        before = story.transceiver.memory.claim()
        story.says(item_added("and then", "item_u3"))
        after = story.transceiver.memory.claim()
        assert before and after
        assert (before.item_id, after.item_id) == ("item_u2", "item_u3")

    def test_names_that_fit_no_header_are_told_in_full(self):
        story = Story().connected()
        story.says(NEW, item_added("hello", "an item; with spaces"))
        story.happens(stop)
        assert called(story) is None

    def test_totals_grow_over_sessions(self):
        story = talked(Story())
        greeting(story, NEW)
        for event in created(sent(story.book)):
            story.says(ConversationItemAdded(item=event.item))
        first = story.transceiver.memory.session
        story.happens(stop)
        assert seeds(greeted(story, holding(claimed(story)))) == []
        second = story.transceiver.memory.session
        assert (second.sent_items, second.saved_items) == (0, 2)
        assert second.saved_bytes == first.sent_bytes
        assert story.transceiver.memory.total == first + second


class TestUnheard:
    def test_words_that_nobody_heard_are_not_told(self):
        story = Story().connected()
        story.says(NEW, item_added("ten past nine and a long story", "item_a1", "assistant"))
        story.says(
            ConversationItemTruncated(
                item_id="item_a1", content_index=0, audio_end_ms=700, heard_text="ten past nine"
            )
        )
        story.happens(stop)
        assert seeds(greeting(story, NEW)) == [ANSWER]

    def long_answer(self) -> Story:
        """Complete at the relay, and only just being played."""
        story = Story(hears_voices=True, reconnect_s=0.0).connected()
        story.says(NEW, item_added("tell me a story", "item_u1"))
        story.says(item_added("once upon a time", "item_a1", "assistant"))
        return story.speaking()

    @pytest.mark.parametrize("end", [stop, LinkLost("gone")])
    def test_an_answer_that_was_broken_off_is_not_claimed(self, end):
        story = self.long_answer()
        story.says(done(audio=True), stream_over())
        story.happens(end)
        claim = claimed(story)
        assert claim.item_id == "item_u1"
        assert seeds(greeted(story, NEW)) == [("user", "tell me a story")]

    def test_an_answer_not_begun_is_not_claimed_either(self):
        story = Story().asked()
        story.says(NEW, created_response(), audio_part())
        story.says(item_added("once upon a time", "item_a1", "assistant"), done(audio=True))
        story.happens(stop)
        assert called(story) is None

    def test_an_answer_heard_to_its_end_is(self):
        story = self.long_answer()
        story.says(done(audio=True), stream_over())
        story.happens(PlayoutDrained(2_000), stop)
        assert claimed(story).item_id == "item_a1"

    def test_an_interruption_counts_once_the_relay_knows_of_it(self):
        story = self.long_answer()
        story.happens(BargeInConfirmed(60_000), PlayoutFlushed(700))
        answer = assistant_audio("once upon a time", id="item_a1", status="completed")
        story.says(ConversationItemDone(item=answer))
        assert story.transceiver.conversation.settled_item_id() == "item_u1"
        story.says(
            ConversationItemTruncated(
                item_id="item_a1", content_index=0, audio_end_ms=700, heard_text="once"
            )
        )
        story.happens(stop)
        assert claimed(story).item_id == "item_a1"

    def test_what_a_session_left_unfinished_goes_when_the_next_one_begins(self):
        story = self.long_answer()
        story.happens(stop)
        greeting(story, NEW)
        assert [item.id for item in story.transceiver.conversation.items] == ["item_u1"]


class TestTools:
    def called_a_tool(self) -> Story:
        story = Story().connected()
        story.says(NEW, item_added("light on", "item_u1"))
        call = FunctionCall("lamp", "{}", "call_1", id="item_f1", status="completed")
        for item in (call, function_output("call_1", "{}", "item_o1")):
            story.says(ConversationItemAdded(item=item))
        story.says(item_added("it is on", "item_a1", "assistant"))
        story.happens(stop)
        return story

    def test_a_relay_that_holds_them_is_asked_to_keep_them(self):
        story = self.called_a_tool()
        claim = claimed(story)
        assert claim.items == 4
        assert seeds(greeted(story, holding(claim))) == []
        assert len(story.transceiver.conversation.heard_items()) == 4

    def test_another_is_told_the_words_alone_and_both_ends_agree_again(self):
        story = self.called_a_tool()
        told = greeting(story, EdgevoiceConversation(conversation_id="conv_2"))
        assert seeds(told) == [("user", "light on"), ("assistant", "it is on")]
        for event in created(told):
            story.says(ConversationItemAdded(item=event.item))
        story.happens(stop)
        assert (claimed(story).conversation_id, claimed_items(story)) == ("conv_2", 2)


def claimed_items(story: Story) -> int:
    story.happens(stop)
    return claimed(story).items


class TestAnotherServer:
    """Sessions with servers that know nothing of ours, in between."""

    def test_its_words_are_what_our_relay_lacks(self):
        story = talked(Story())
        greeting(story)
        story.says(item_added("and in Rome?", "item_u2"))
        story.happens(stop)
        claim = claimed(story)
        assert claim.item_id == "item_a1"  # as far as our relay knows
        told = greeted(story, holding(claim))
        assert (seeds(told), places(told)) == ([("user", "and in Rome?")], ["item_a1"])

    def test_a_server_that_repeats_the_seeds_doubles_nothing(self):
        story = talked(Story())
        for event in created(greeting(story)):
            story.says(ConversationItemAdded(item=event.item))
        story.happens(stop)
        assert seeds(greeting(story)) == [QUESTION, ANSWER]

    def test_nor_one_that_gives_them_names_of_its_own(self):
        story = talked(Story())
        greeting(story)
        story.says(ConversationItemAdded(item=user_text("what time is it", "item_x")))
        story.says(ConversationItemAdded(item=assistant_text("ten past nine", "item_y")))
        story.says(item_added("what time is it", "item_u2"))
        story.happens(stop)
        assert seeds(greeting(story)) == [QUESTION, ANSWER, QUESTION]

    def test_one_that_repeats_nothing_loses_nothing(self):
        story = talked(Story())
        greeting(story)
        story.says(item_added("thanks", "item_u2"))
        story.happens(stop)
        assert seeds(greeting(story)) == [QUESTION, ANSWER, ("user", "thanks")]


class TestForgetting:
    def test_after_a_while_it_is_forgotten(self):
        story = talked(Story(keep_minutes=10.0))
        story.passes(599.0)
        assert story.transceiver.conversation.items
        story.passes(2.0)
        assert not story.transceiver.conversation.items
        assert story.transceiver.memory.remembered is None
        assert called(story) is None
        assert seeds(greeted(story, NEW)) == []

    def test_until_then_it_is_not(self):
        story = talked(Story(keep_minutes=10.0))
        story.passes(599.0)
        assert len(seeds(greeting(story, NEW))) == 2

    def test_it_is_not_forgotten_in_the_middle_of_a_session(self):
        story = talked(Story(keep_minutes=0.1, idle_s=1_000.0, no_speech_s=1_000.0))
        story.passes(5.0)
        greeting(story, NEW)
        story.says(item_added("and now", "item_u2"))
        story.passes(60.0)
        assert story.state is State.LISTENING
        assert story.transceiver.conversation.items

    def test_nothing_is_kept_if_nothing_is_to_be_kept(self):
        story = talked(Story(keep_minutes=0.0))
        assert not story.transceiver.conversation.items
        assert called(story) is None

    def test_the_owner_may_have_it_forgotten(self):
        story = talked(Story())
        version = story.transceiver.memory.version
        assert story.happens(ForgetRequested()) == []
        assert story.transceiver.memory.version != version
        assert story.transceiver.memory.remembered is None
        assert story.transceiver.deadline is None
        assert called(story) is None

    def test_also_during_a_session_which_goes_on(self):
        story = talked(Story())
        greeting(story, holding(ContextClaim("conv_new", "item_a1", "0" * 16, 2)))
        story.happens(ForgetRequested())
        story.says(item_added("and now", "item_u2"))
        story.happens(stop)
        assert called(story) is None
        assert seeds(greeted(story, NEW)) == [("user", "and now")]


def test_a_session_that_broke_at_once_does_not_erase_the_one_before():
    story = talked(Story())
    story.happens(wake, stop)
    story.happens(wake, linked(), stop)
    assert len(seeds(greeting(story, NEW))) == 2


class TestRestart:
    def remembered(self) -> Remembered:
        story = talked(Story())
        kept = story.transceiver.memory.remembered
        assert kept is not None
        assert kept.forget_at == story.now + 600.0
        return kept

    def test_what_was_known_is_known_again(self):
        before, story = talked(Story()), Story(remembered=self.remembered())
        assert claimed(story) == claimed(before)
        assert seeds(greeted(story, NEW)) == [QUESTION, ANSWER]

    def test_it_is_forgotten_when_it_would_have_been(self):
        story = Story(remembered=self.remembered())
        story.passes(599.0)
        assert story.transceiver.memory.remembered
        story.passes(2.0)
        assert story.transceiver.memory.remembered is None

    def test_what_an_interruption_left_survives(self):
        story = Story().connected()
        story.says(NEW, item_added("once upon a time", "item_a1", "assistant"))
        story.says(
            ConversationItemTruncated(
                item_id="item_a1", content_index=0, audio_end_ms=700, heard_text="once"
            )
        )
        story.happens(stop)
        again = Story(remembered=story.transceiver.memory.remembered)
        assert claimed(again) == claimed(story)


def test_memory_tells_when_to_forget():
    memory = Memory(ContextConfig(keep_minutes=2.0))
    memory.begin()
    assert memory.end(100.0) is None
    memory.apply(item_added("hello", "item_u1"))
    assert memory.end(100.0) == 220.0


def test_counters_add_up():
    assert ContextCounters(1, 2, 3, 4) + ContextCounters(10, 20, 30, 40) == ContextCounters(
        11, 22, 33, 44
    )
