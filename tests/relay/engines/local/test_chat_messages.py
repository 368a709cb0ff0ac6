"""A conversation as a chat server is told it."""

from datetime import UTC, datetime

from edgevoice.realtime.items import (
    FunctionCall,
    assistant_text,
    function_output,
    user_audio,
    user_text,
)
from edgevoice.relay.engines.local.chat_messages import SPOKEN, chat_messages

NOW = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)


def told(*items, instructions: str = "") -> list[dict]:
    return chat_messages(items, instructions, NOW)


def test_instructions_come_first_and_stay_the_same():
    system = told(user_text("Hi"), instructions="You are a pirate.")[0]
    assert system == {"role": "system", "content": f"You are a pirate. {SPOKEN}"}


def test_spoken_and_written_turns_are_told_alike():
    roles = [(m["role"], m["content"].split("\n")[0]) for m in told(
        user_audio("What is tea?"), assistant_text("A drink."), user_text("Why?")
    )[1:]]  # fmt: skip
    assert roles == [("user", "What is tea?"), ("assistant", "A drink."), ("user", "Why?")]


def test_only_the_last_question_carries_the_time():
    first, second = told(user_text("One"), user_text("Two"))[1:]
    assert first["content"] == "One"
    assert second["content"] == "Two\n(It is Sunday, 2026-11-22 16:05.)"


def test_a_turn_nobody_understood_is_left_out():
    assert len(told(user_audio(None), user_text("Hi"))) == 2


def test_tool_calls_go_with_their_results_or_not_at_all():
    call = FunctionCall("set_timer", "{}", call_id="c1")
    messages = told(user_text("Timer"), call, function_output("c1", '{"ok": 1}'))
    assert messages[2]["tool_calls"][0]["function"]["name"] == "set_timer"
    assert messages[3] == {"role": "tool", "tool_call_id": "c1", "content": '{"ok": 1}'}
    assert len(told(user_text("Timer"), call)) == 2
    assert len(told(user_text("Timer"), function_output("c1", "{}"))) == 2
