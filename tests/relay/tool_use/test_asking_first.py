"""Stories of tools that want the user's yes: it is asked for, and nothing runs without it."""

import pytest

from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.tool_use.consent import consent
from tests.relay.story import spoken, tell, user_text
from tests.relay.tool_use.house import HouseStory, temperature, unlock
from tests.virtual_time import elapse


def story(tale) -> HouseStory:
    told = tell(tale, make=HouseStory)
    assert isinstance(told, HouseStory)
    return told


async def ask(s: HouseStory, *later) -> None:
    """Until the assistant has asked."""
    s.engine.answers = [[unlock()], spoken("Unlock the front door?"), *later]
    s.say("Unlock the front door.")
    await elapse(5)
    assert s.house.called == []


def test_the_assistant_asks_and_the_yes_runs_what_was_asked_for():
    async def tale(s):
        await ask(s, spoken("It is unlocked."))
        assert s.outputs()[0][0] == "unlock" and "say yes first" in s.outputs()[0][1]
        s.say("Yes, please.")
        await elapse(5)

    s = story(tale)
    [request] = s.all("response.done")[0]["response"]["output"]
    assert request["type"] == "mcp_approval_request" and request["arguments"] == '{"door": "front"}'
    assert s.house.called == [("unlock", {"door": "front"})]
    [call] = s.all("response.done")[2]["response"]["output"]
    assert call["approval_request_id"] == request["id"]
    assert len(s.engine.requests) == 3 and s.outputs()[-1] == ("unlock", "unlock done")
    assert s.items()[-1] == ("assistant", "It is unlocked.")


@pytest.mark.parametrize(
    "words", ["No.", "What time is it?", "Yes, but the back door.", "Okay, hm"]
)
def test_anything_else_is_no_yes_and_a_later_yes_comes_too_late(words):
    async def tale(s):
        await ask(s)
        s.say(words)
        await elapse(5)
        s.say("Yes.")
        await elapse(5)

    assert story(tale).house.called == []


def test_other_arguments_want_another_yes():
    async def tale(s):
        await ask(s, [unlock("back")], spoken("The back door?"), spoken("Done."))
        s.say("The back door, I mean.")
        await elapse(5)
        s.say("Yes.")
        await elapse(5)

    assert story(tale).house.called == [("unlock", {"door": "back"})]


def test_a_yes_runs_it_once():
    async def tale(s):
        await ask(s, [unlock()], spoken("Again?"))
        s.say("Yes.")
        await elapse(5)

    assert story(tale).house.called == [("unlock", {"door": "front"})]


def test_a_yes_that_comes_a_minute_later_is_none():
    async def tale(s):
        await ask(s)
        s.send("conversation.item.create", item={**user_text("hm"), "role": "system"})
        await elapse(58)
        s.say("Yes.")
        await elapse(5)

    assert story(tale).house.called == []


def test_a_yes_before_the_question_was_heard_is_none():
    async def tale(s):
        s.engine.answers = [[unlock()], [1.0, *spoken("Unlock it?")]]
        s.say("Unlock the front door.")
        await elapse(0.5)
        s.say("Yes.")
        await elapse(5)

    assert story(tale).house.called == []


def test_a_written_yes_counts_too():
    async def tale(s):
        await ask(s, spoken("It is unlocked."))
        s.send("conversation.item.create", item=user_text("yes"))
        s.send("response.create")
        await elapse(5)

    assert story(tale).house.called == [("unlock", {"door": "front"})]


@pytest.mark.parametrize("approve", [True, False])
def test_a_client_may_answer_for_the_user(approve):
    async def tale(s):
        await ask(s, spoken("It is unlocked."))
        [request] = s.all("response.done")[0]["response"]["output"]
        answer = {"type": "mcp_approval_response", "approval_request_id": request["id"]}
        s.send("conversation.item.create", item={**answer, "approve": approve})
        await elapse(5)
        s.send("conversation.item.create", event_id="e2", item={**answer, "approve": True})

    s = story(tale)
    assert len(s.house.called) == approve
    [error] = s.all("error")
    assert error["error"]["event_id"] == "e2" and "(any more)" in error["error"]["message"]


def test_one_question_at_a_time():
    async def tale(s):
        s.engine.answers = [[unlock("front"), temperature(), unlock("back")], spoken("The front?")]
        s.say("Unlock the doors.")
        await elapse(5)
        s.say("Yes.")
        await elapse(5)

    s = story(tale)
    assert s.house.called == [("temperature", {"room": "kitchen"}), ("unlock", {"door": "front"})]


def test_a_client_can_ask_for_more_questions_but_not_for_fewer():
    async def tale(s):
        tools = [{"type": "mcp", "server_label": "house", "require_approval": "never"}]
        s.send("session.update", session={"type": "realtime", "tools": tools})
        await ask(s)
        always = {"always": {"tool_names": ["temperature"]}}
        tools = [{"type": "mcp", "server_label": "house", "require_approval": always}]
        s.send("session.update", session={"type": "realtime", "tools": tools})
        s.engine.answers = [[FunctionCall("temperature", "{}")], spoken("Shall I look?")]
        s.say("How warm is it?")
        await elapse(5)

    assert story(tale).house.called == []


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Yes.", True),
        ("Yeah, do it!", True),
        ("Yes, unlock the front door.", True),
        ("Sure, go ahead.", True),
        ("Of course.", True),
        ("OK", True),
        ("No", False),
        ("No, thanks.", False),
        ("Yes, no, wait", False),
        ("Please don’t.", False),
        ("Okay, play some music", None),
        ("Yes, if nobody is there", None),
        ("What?", None),
        ("", None),
        ("Please", True),
        ("It is raining", None),
    ],
)
def test_what_is_a_yes(words, meant):
    assert consent(words) is meant
