from edgevoice.config import ContextConfig
from edgevoice.realtime.client_events import ConversationItemCreate
from edgevoice.realtime.server_events import ConversationItemAdded, ConversationItemTruncated
from edgevoice.transceiver.inputs import StopRequested
from edgevoice.transceiver.memory import Memory
from edgevoice.transceiver.states import State
from tests.transceiver.story import Story, item_added, linked, sent, session_created, wake

stop = StopRequested("owner")


def seeds(events: list[object]) -> list[tuple[str, str, str | None]]:
    """Role, words and predecessor of the items created."""
    created = [event for event in events if isinstance(event, ConversationItemCreate)]
    return [
        (event.item.role, event.item.content[0].text, event.previous_item_id)  # type: ignore[attr-defined]
        for event in created
    ]


def talked(story: Story) -> Story:
    story.connected()
    story.says(item_added("what time is it", "item_u1"))
    story.says(item_added("ten past nine", "item_a1", "assistant"))
    story.happens(stop)
    return story


def greeting(story: Story) -> list[object]:
    story.happens(wake, linked())
    return sent(story.says(session_created))


def test_the_first_session_remembers_nothing():
    assert seeds(greeting(Story())) == []


def test_the_next_session_is_told_what_was_said():
    assert seeds(greeting(talked(Story()))) == [
        ("user", "what time is it", "root"),
        ("assistant", "ten past nine", "item_u1"),
    ]


def test_the_replica_is_of_the_session_at_hand():
    story = talked(Story())
    assert len(story.transceiver.conversation.items) == 2
    story.happens(wake)
    assert story.transceiver.conversation.items == ()


def test_words_that_nobody_heard_are_not_told():
    story = Story().connected()
    story.says(item_added("ten past nine and a long story", "item_a1", "assistant"))
    story.says(
        ConversationItemTruncated(
            item_id="item_a1", content_index=0, audio_end_ms=700, heard_text="ten past nine"
        )
    )
    story.happens(stop)
    assert seeds(greeting(story)) == [("assistant", "ten past nine", "root")]


def test_after_a_while_it_is_forgotten():
    story = talked(Story(keep_minutes=10.0))
    story.passes(599.0)
    assert story.transceiver.conversation.items
    story.passes(2.0)
    assert not story.transceiver.conversation.items
    assert seeds(greeting(story)) == []


def test_until_then_it_is_not():
    story = talked(Story(keep_minutes=10.0))
    story.passes(599.0)
    assert len(seeds(greeting(story))) == 2


def test_it_is_not_forgotten_in_the_middle_of_a_session():
    story = talked(Story(keep_minutes=0.1, idle_s=1_000.0, no_speech_s=1_000.0))
    story.passes(5.0)
    greeting(story)
    story.says(item_added("and now", "item_u2"))
    story.passes(60.0)
    assert story.state is State.LISTENING
    assert story.transceiver.conversation.items


def test_nothing_is_kept_if_nothing_is_to_be_kept():
    story = talked(Story(keep_minutes=0.0))
    assert not story.transceiver.conversation.items
    assert seeds(greeting(story)) == []


def test_a_session_that_broke_at_once_does_not_erase_the_one_before():
    story = talked(Story())
    story.happens(wake, stop)
    story.happens(wake, linked(), stop)
    assert len(seeds(greeting(story))) == 2


def test_the_relay_repeats_the_seeds_and_they_are_kept_once():
    story = talked(Story())
    for event in greeting(story):
        if isinstance(event, ConversationItemCreate):
            story.says(ConversationItemAdded(item=event.item))
    story.happens(stop)
    assert len(seeds(greeting(story))) == 2


def test_memory_tells_when_to_forget():
    memory = Memory(ContextConfig(keep_minutes=2.0))
    memory.begin()
    assert memory.end(100.0) is None
    memory.apply(item_added("hello", "item_u1"))
    assert memory.end(100.0) == 220.0
