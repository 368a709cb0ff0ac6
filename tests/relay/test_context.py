"""Device and relay over several sessions: nothing is told twice, nothing unheard is told."""

from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import Message
from tests.relay.device import Device, Relay
from tests.relay.story import Story, spoken
from tests.virtual_time import elapse


async def talk(story: Story, said: str, answer: str) -> None:
    """One turn, heard to its end."""
    story.engine.answers.append(spoken(answer))
    story.say(said)
    await elapse(2.0)


def told(story: Story) -> list[str]:
    """What the engine was asked to go on from, last."""
    items = story.engine.requests[-1].items
    return [" ".join(p.words for p in item.content) for item in items if isinstance(item, Message)]


def both_agree(device: Device, story: Story) -> bool:
    return device.mind.conversation.digest() == story.session.conversation.digest()


async def test_the_second_session_is_told_nothing_and_knows_everything():
    device, relay = Device(), Relay()
    async with device.session(relay) as first:
        await talk(first, "What time is it?", "Ten past nine.")
    async with device.session(relay) as second:
        await talk(second, "And in Rome?", "The same.")
    assert device.seeds == []
    assert told(second) == ["What time is it?", "Ten past nine.", "And in Rome?"]
    assert (
        second.last("response.done")["response"]["conversation_id"]
        == (first.last("response.done")["response"]["conversation_id"])
    )
    assert device.counted.saved_items == 2
    assert device.counted.saved_bytes > 200
    assert device.counted.sent_bytes == 0
    assert both_agree(device, second)


async def test_what_is_held_is_said_directly_after_the_greeting():
    device, relay = Device(), Relay()
    async with device.session(relay) as first:
        await talk(first, "What time is it?", "Ten past nine.")
    async with device.session(relay) as second:
        pass
    created, held = second.call.sent[:2]
    assert created["type"] == "session.created"
    assert held["type"] == "edgevoice.conversation"
    assert held["last_item_id"] == device.mind.conversation.last_item_id
    assert first.call.sent[1]["conversation_id"] == held["conversation_id"]
    assert first.call.sent[1].get("last_item_id", "") == ""


async def test_a_relay_that_was_restarted_is_told_everything_once():
    device, relay = Device(), Relay()
    async with device.session(Relay()) as first:
        await talk(first, "What time is it?", "Ten past nine.")
    async with device.session(relay) as second:
        await talk(second, "And in Rome?", "The same.")
    assert len(device.seeds) == 2
    assert told(second) == ["What time is it?", "Ten past nine.", "And in Rome?"]
    async with device.session(relay) as third:
        await talk(third, "Thanks.", "My pleasure.")
    assert device.seeds == []
    assert len(told(third)) == 5


async def test_another_device_is_another_conversation():
    kitchen, hall, relay = Device(), Device("hall"), Relay()
    async with kitchen.session(relay) as first:
        await talk(first, "It is a secret.", "I see.")
    async with hall.session(relay) as other:
        await talk(other, "What is it?", "No idea.")
    assert told(other) == ["What is it?"]
    assert other.session.conversation.id != first.session.conversation.id


async def test_a_claim_to_the_conversation_of_another_is_a_new_one():
    device, relay = Device(), Relay()
    async with device.session(relay) as first:
        await talk(first, "It is a secret.", "I see.")
    device.name = "hall"
    async with device.session(relay) as other:
        pass
    assert other.call.sent[1]["conversation_id"] != first.session.conversation.id
    assert other.call.sent[1].get("last_item_id", "") == ""


async def test_of_an_interrupted_answer_both_know_what_was_heard():
    device, relay = Device(), Relay()
    async with device.session(relay) as first:
        first.engine.answers.append(spoken("One.", " Two.", " Three.", " Four."))
        first.say("Count.")
        await elapse(2.3)
        await device.interrupts()
    async with device.session(relay) as second:
        await talk(second, "Go on.", "Three.")
    assert device.seeds == []
    heard = told(second)[1]
    assert heard.startswith("One.") and "Four" not in heard
    assert both_agree(device, second)


async def test_a_link_that_breaks_in_an_answer_leaves_what_the_user_said():
    device, relay = Device(), Relay()
    async with device.session(relay) as first:
        await talk(first, "Hello.", "Hi.")
        first.engine.answers.append(spoken("Once.", " Upon.", " A time."))
        first.say("Tell a story.")
        await elapse(1.3)
        device.cut_off()
        await elapse(3.0)
    async with device.session(relay) as second:
        await talk(second, "Again.", "Once.")
    assert told(second) == ["Hello.", "Hi.", "Tell a story.", "Again."]
    assert device.seeds == []
    assert both_agree(device, second)


async def test_the_device_learns_what_it_had_said_before_the_link_broke():
    device, relay = Device(), Relay()
    async with device.session(relay) as first:
        await talk(first, "Hello.", "Hi.")
        device.cut_off()
        await talk(first, "Can you hear me?", "Yes.")
    async with device.session(relay) as second:
        learnt = [event for event in device.heard if isinstance(event, says.ConversationItemAdded)]
        assert [item.item.content[0].words for item in learnt] == ["Can you hear me?"]
        assert both_agree(device, second)
        await talk(second, "Hello?", "Yes.")
    assert told(second) == ["Hello.", "Hi.", "Can you hear me?", "Hello?"]


async def test_a_relay_that_was_told_half_is_told_the_other_half():
    device, relay = Device(), Relay()
    async with device.session(Relay()) as first:
        await talk(first, "One.", "Two.")
    async with device.session(relay) as second:
        second.session.conversation.remove([device.seeds[-1].item.id])
    async with device.session(relay) as third:
        await talk(third, "Three.", "Four.")
    assert len(device.seeds) == 1
    assert told(third) == ["One.", "Two.", "Three."]


async def test_there_and_back_again():
    """Another's server, ours, the other's, ours: all words, in order, once, if heard."""
    device, theirs, ours = Device(), Relay(ours=False), Relay()
    async with device.session(theirs) as first:
        await talk(first, "One?", "Two.")
        first.engine.answers.append(spoken("Three.", " Unheard."))
        first.say("And?")
        await elapse(1.3)
        await device.interrupts()
    assert not first.all("edgevoice.conversation")
    async with device.session(ours) as second:
        await talk(second, "Four?", "Five.")
    assert told(second) == ["One?", "Two.", "And?", "Four?"]
    assert len(device.seeds) == 3
    async with device.session(theirs) as third:
        await talk(third, "Six?", "Seven.")
    assert told(third) == ["One?", "Two.", "And?", "Four?", "Five.", "Six?"]
    assert len(device.seeds) == 5
    async with device.session(ours) as fourth:
        await talk(fourth, "Eight?", "Nine.")
    assert told(fourth) == [
        *["One?", "Two.", "And?", "Four?", "Five.", "Six?", "Seven.", "Eight?"],
    ]
    assert len(device.seeds) == 2  # ours still had the rest
    assert both_agree(device, fourth)


async def test_telling_twice_what_is_known_is_no_error():
    device, relay = Device(), Relay()
    async with device.session(Relay()) as first:
        await talk(first, "One.", "Two.")
    async with device.session(relay) as second:
        (seed, _) = device.seeds
        second.send("conversation.item.create", item={"id": seed.item.id, **ONE})
        assert second.last("conversation.item.done")["item"]["id"] == seed.item.id
        assert not second.all("error")
        second.send("conversation.item.create", item={"id": seed.item.id, **OTHER})
        assert "exists already" in second.last("error")["error"]["message"]


ONE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "One."}]}
OTHER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Other."}]}
