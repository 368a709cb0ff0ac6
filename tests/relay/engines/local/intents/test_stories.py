"""What people say in a house, as recognisers write it down, and what comes of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.intents.lights import BLIND, ONLY_SWITCH
from edgevoice.relay.engines.local.intents.reply import Said
from edgevoice.relay.engines.local.intents.timers import FIXED, NO_ALARMS
from edgevoice.relay.engines.local.intents.topics import answer
from tests.relay.engines.local.intents.house import NOW, TOOLS, hears, plain, tool


@pytest.mark.parametrize(
    "words",
    [
        "What time is it?",
        "what's the time",
        "Could you tell me what time it is, please?",
        "Tell me the time.",
        "do you know what time it is",
        "whats the time now please",
        "Time?",
    ],
)
def test_the_time(words):
    assert hears(words) == "It's 4:05 PM."


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(0, 0, "12:00 AM"), (12, 30, "12:30 PM"), (9, 5, "9:05 AM"), (23, 59, "11:59 PM")],
)
def test_the_time_around_the_clock(hour, minute, said):
    now = NOW.replace(hour=hour, minute=minute)
    assert answer(Said.of("What time is it?", now)) == f"It's {said}."


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("What's the date today?", "Today is Sunday, November 22nd."),
        ("whats the date today", "Today is Sunday, November 22nd."),
        ("What is today's date?", "Today is Sunday, November 22nd."),
        ("What day is it?", "Today is Sunday, November 22nd."),
        ("What day is tomorrow?", "Tomorrow is Monday."),
        ("What's tomorrow's date?", "Tomorrow is Monday, November 23rd."),
        ("What day was yesterday?", "Yesterday was Saturday."),
        ("What's the day after tomorrow?", "The day after tomorrow is Tuesday, November 24th."),
        ("What month is it?", "It's November."),
        ("What year is it", "It's 2026."),
        ("What week is it?", "It's week 47."),
        ("What date is it on Friday?", "Friday is Friday, November 27th."),
        ("What day is Christmas?", "Christmas is Friday, December 25th."),
        ("What day is the 3rd of January?", "The 3rd of January is Sunday, January 3rd."),
        ("What date is next Tuesday?", "Next Tuesday is Tuesday, November 24th."),
        ("How many days until Christmas?", "There are 33 days until Christmas."),
        ("how long until friday", "There are 5 days until Friday."),
    ],
)
def test_the_date(words, reply):
    assert hears(words) == reply


def test_february_29th_is_found_in_the_next_leap_year():
    assert hears("what day is february 29") == "February 29 is Tuesday, February 29th."
    assert hears("what day is february 30") is None


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("Set a timer for ten minutes.", {"seconds": 600}),
        ("Set a timer for 10 minutes.", {"seconds": 600}),
        ("Said a timer for ten minutes.", {"seconds": 600}),
        ("Could you please set a timer for me for 20 minutes?", {"seconds": 1200}),
        ("Set a 5-minute timer.", {"seconds": 300}),
        ("start a timer for an hour and a half", {"seconds": 5400}),
        ("Timer for half an hour", {"seconds": 1800}),
        ("Set the timer for 5 minutes and 30 seconds.", {"seconds": 330}),
        ("set a timer for 1:30", {"seconds": 90}),
        ("Remind me in 20 minutes.", {"seconds": 1200}),
        ("Wake me up in an hour", {"seconds": 3600}),
        ("set a pasta timer for eight minutes", {"seconds": 480, "label": "pasta"}),
        ("Set a timer for 10 minutes for the eggs.", {"seconds": 600, "label": "eggs"}),
        ("remind me in ten minutes to call mum", {"seconds": 600, "label": "call mum"}),
    ],
)
def test_timers_are_set(words, arguments):
    assert hears(words) == ("set_timer", arguments)


def test_a_timer_without_a_length_is_asked_about():
    asked = hears("Set a timer.")
    assert asked == "For how long?"
    assert hears("Ten minutes.", answered=asked) == ("set_timer", {"seconds": 600})
    assert hears("For twenty five minutes, please.", answered=asked)[1] == {"seconds": 1500}
    assert hears("Ten minutes.", answered="It's 4:05 PM.") is None


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("Cancel the timer.", ("cancel_timer", {})),
        ("stop the timer", ("cancel_timer", {})),
        ("Cancel the pasta timer", ("cancel_timer", {"label": "pasta"})),
        ("Cancel all timers.", ("list_timers", {})),
        ("How much time is left?", ("list_timers", {})),
        ("how long is left on the pasta timer", ("list_timers", {})),
        ("What timers do I have?", ("list_timers", {})),
        ("Is there a timer running?", ("list_timers", {})),
    ],
)
def test_timers_are_asked_about_and_cancelled(words, call):
    assert hears(words) == call


def test_what_timers_cannot_do_is_said():
    assert "24 hours" in hears("set a timer for 3 days")
    assert "no alarms" in hears("Set an alarm for 7 a.m.")
    assert hears("Set a timer for 10 minutes", tools=[]) == "This device has no timers."


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("Set the volume to 30 percent.", ("set_volume", {"percent": 30})),
        ("Set the volume to 30%.", ("set_volume", {"percent": 30})),
        ("volume to fifty", ("set_volume", {"percent": 50})),
        ("Set the volume to seven out of ten", ("set_volume", {"percent": 70})),
        ("turn the volume to maximum", ("set_volume", {"percent": 100})),
        ("Mute yourself.", ("set_volume", {"percent": 0})),
        ("Turn it up.", ("change_volume", {"delta": 10})),
        ("a bit louder please", ("change_volume", {"delta": 10})),
        ("Turn the volume up a lot", ("change_volume", {"delta": 20})),
        ("turn the volume down", ("change_volume", {"delta": -10})),
        ("Quieter!", ("change_volume", {"delta": -10})),
        ("Lower the volume by 25 percent", ("change_volume", {"delta": -25})),
    ],
)
def test_the_volume(words, call):
    assert hears(words) == call


def test_an_impossible_volume_is_refused():
    assert hears("set volume to 150") == "The volume goes from 0 to 100 percent."
    assert hears("louder", tools=[]) == "I can't change the volume of this device."


@pytest.mark.parametrize(
    ("words", "name", "on"),
    [
        ("Turn on the lamp.", "lamp", True),
        ("Turn on the lamb.", "lamp", True),
        ("Turned on the lamp", "lamp", True),
        ("Can you turn the lamp off, please?", "lamp", False),
        ("Turn of the lamp", "lamp", False),
        ("Switch off the kitchen light.", "kitchen light", False),
        ("kitchen light on", "kitchen light", True),
        ("turn on the fan", "fan", True),
        ("turn on the light in the kitchen", None, True),
    ],
)
def test_lights(words, name, on):
    reply = hears(words)
    if name is None:
        assert reply is None or "kitchen light" in str(reply)
    else:
        assert reply == ("switch_light", {"name": name, "on": on})


def test_all_lights_means_the_lights():
    assert [arguments["name"] for _, arguments in hears("All lights off!")] == [
        *("lamp", "kitchen light")
    ]
    assert len(hears("turn on everything")) == 3


def test_a_light_that_is_not_there_is_not_invented():
    assert hears("Turn on the garage light") == (
        "I don't know a garage light. I can switch: lamp, kitchen light, fan."
    )
    assert hears("turn off the light").startswith("Which one?")
    assert hears("Turn on the lamp", tools=[]) == "This device has no lights to switch."


@pytest.mark.parametrize(
    "words",
    ["Stop.", "Never mind.", "No, thanks.", "Goodbye!", "That's all.", "Good night.", "Cancel"],
)
def test_the_conversation_ends(words):
    assert hears(words) == ("end_conversation", {})


def test_without_the_tool_the_end_is_only_words():
    assert hears("Stop.", tools=[]) == "Okay."
    assert hears("Goodbye!", tools=[]) == "Goodbye."


def test_small_talk():
    assert hears("Repeat that.", answered="It's 4:05 PM.") == "It's 4:05 PM."
    assert hears("What did you say?") == "I haven't said anything yet."
    assert hears("Thank you!") == "You're welcome."
    assert hears("Hello!").startswith("Good afternoon!")
    assert "edgevoice" in hears("Who are you?")


def test_help_names_only_what_the_device_has():
    assert "set timers" in hears("What can you do?")
    assert "set timers" not in hears("What can you do?", tools=[])


@pytest.mark.parametrize(
    "words",
    [
        "What's the capital of France?",
        "Tell me a joke.",
        "What is the time in Tokyo?",
        "How many people live in Germany?",
        "I have two apples and three pears",
        "Play some music",
        "Turn left",
        "Turn on the TV",
        "When is the movie?",
        "",
    ],
)
def test_what_no_rule_is_about_is_left_to_others(words):
    assert hears(words) is None


@given(st.text(max_size=200), st.booleans())
def test_no_text_is_an_error(words, with_tools):
    plain(answer(Said.of(words, NOW, TOOLS if with_tools else ())))


VOCABULARY = """
    set a timer for ten minutes and thirty seconds how many feet in mile what is percent of
    square root plus minus divided by zero hundred thousand half quarter point turn on off the
    lamp volume up to until christmas third power 1/0 -5 1:30 12 99999999999999999999 day time
"""


@given(st.lists(st.sampled_from(VOCABULARY.split()), max_size=20), st.integers(0, 4000))
def test_no_heap_of_known_words_is_an_error(words, days):
    plain(answer(Said.of(" ".join(words), NOW + timedelta(days=days), TOOLS)))


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("Wake me at 6:30.", NO_ALARMS),
        ("Remind me to call home at seven.", NO_ALARMS),
        ("Add five minutes to the timer.", FIXED),
        ("Pause the pasta timer.", FIXED),
        ("Is the lamp on?", BLIND),
        ("Are the lights still on?", BLIND),
        ("Dim the kitchen light to 30 percent.", ONLY_SWITCH),
        ("Toggle the lamp.", ONLY_SWITCH),
        ("Mute.", ("set_volume", {"percent": 0})),
        ("What's the volume?", ("change_volume", {"delta": 0})),
        ("How loud are you?", ("change_volume", {"delta": 0})),
        ("Add 5 and 7.", "That's 12."),
        ("Subtract five from nine.", "That's 4."),
    ],
)
def test_what_cannot_be_done_is_said_and_the_rest_is_done(words, reply):
    assert hears(words) == reply


def test_it_is_what_was_switched_last():
    switched = ("switch_light", {"name": "kitchen light", "on": False})
    assert hears("Turn it off.", answered="The kitchen light is on.") == switched
    switched[1]["on"] = True
    assert hears("Turn it back on", answered="The kitchen light is off.") == switched
    assert hears("Turn it off.", answered="It's four.") is None
    one = [tool("switch_light", name={"type": "string", "enum": ["fan"]})]
    assert hears("Switch it on", one) == ("switch_light", {"name": "fan", "on": True})
