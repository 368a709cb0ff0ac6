"""Alarms, changes of timers, snoozing and quiet, as people say them to a board that has them.

It is a Sunday, 16:05.
"""

from typing import Any

import pytest

from edgevoice.relay.engines.local.intents.times import find_time, read_time, say_clock
from tests.relay.engines.local.intents.house import CLOCK, NOW, TOOLS, hears


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("7:30", (19, 30)),
        ("seven thirty", (19, 30)),
        ("seven thirty am", (7, 30)),
        ("half past seven", (19, 30)),
        ("quarter to eight in the morning", (7, 45)),
        ("a quarter past five", (17, 15)),
        ("ten to six", (17, 50)),
        ("twenty five past four", (16, 25)),
        ("four", (4, 0)),  # four in the afternoon has just passed
        ("five oclock", (17, 0)),
        ("seven oh five", (19, 5)),
        ("seven pm", (19, 0)),
        ("12 am", (0, 0)),
        ("twelve thirty pm", (12, 30)),
        ("noon", (12, 0)),
        ("midnight", (0, 0)),
        ("18:45", (18, 45)),
        ("eight tonight", (20, 0)),
        ("six in the evening", (18, 0)),
    ],
)
def test_times_of_day(text: str, clock: tuple[int, int]) -> None:
    found = find_time(text)
    assert found is not None
    assert found[0].next(NOW) == clock
    assert found[1] == ""


@pytest.mark.parametrize("text", ["", "soon", "25:30", "ninety", "half past", "7:75"])
def test_no_times_of_day(text: str) -> None:
    assert read_time(text.split()) is None


def test_said_as_people_read_it() -> None:
    assert [say_clock(clock) for clock in ("07:30", "19:05", "00:00", "12:00", "x")] == [
        *("7:30 AM", "7:05 PM", "12:00 AM", "12:00 PM", "x")
    ]


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("Set an alarm for seven thirty on weekdays.", {"time": "07:30", "days": "weekdays"}),
        ("Set an alarm for 7:30 every weekday", {"time": "07:30", "days": "weekdays"}),
        ("Wake me at 6.", {"time": "06:00"}),
        ("Wake me up at half past six", {"time": "06:30"}),
        ("wake me up at seven tomorrow morning", {"time": "07:00", "day": "tomorrow"}),
        ("wake me tomorrow at seven", {"time": "07:00", "day": "tomorrow"}),
        ("wake me up tomorrow evening at seven", {"time": "19:00", "day": "tomorrow"}),
        ("wake me at 8 on saturday", {"time": "08:00", "day": "saturday"}),
        ("wake me at 8 on saturdays and sundays", {"time": "08:00", "days": "saturday, sunday"}),
        ("set an alarm for six every day", {"time": "06:00", "days": "daily"}),
        ("wake me every morning at a quarter past six", {"time": "06:15", "days": "daily"}),
        ("set an alarm for five", {"time": "17:00"}),
        ("Set an alarm for 7 a.m.", {"time": "07:00"}),
        ("set an alarm for 7 pm", {"time": "19:00"}),
        ("set a school alarm for 7:15 every monday and friday",
         {"time": "07:15", "days": "monday, friday", "label": "school"}),
        ("set an alarm at nine on weekends", {"time": "09:00", "days": "weekends"}),
        ("remind me to call mum at half past five", {"time": "17:30", "label": "call mum"}),
        ("alarm for eight fifteen", {"time": "20:15"}),
    ],
)  # fmt: skip
def test_alarms_are_set(words: str, arguments: dict[str, Any]) -> None:
    assert hears(words, CLOCK) == ("set_alarm", arguments)


def test_an_alarm_without_a_time_is_asked_about() -> None:
    asked = hears("Set an alarm.", CLOCK)
    assert asked == "For what time?"
    assert hears("Seven thirty in the morning.", CLOCK, asked) == ("set_alarm", {"time": "07:30"})
    assert hears("Seven thirty.", CLOCK, "It's 4:05 PM.") is None


def test_an_alarm_in_ten_minutes_is_a_timer() -> None:
    assert hears("set an alarm for ten minutes", CLOCK) == ("set_timer", {"seconds": 600})
    assert hears("wake me in an hour", CLOCK) == ("set_timer", {"seconds": 3600})


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("Add five minutes to the pasta timer.",
         ("add_to_timer", {"seconds": 300, "label": "pasta"})),
        ("add two more minutes", ("add_to_timer", {"seconds": 120})),
        ("make the egg timer a minute longer", ("add_to_timer", {"seconds": 60, "label": "egg"})),
        ("take two minutes off the pasta timer",
         ("add_to_timer", {"seconds": -120, "label": "pasta"})),
        ("Pause the timer.", ("pause_timer", {})),
        ("resume the pasta timer", ("resume_timer", {"label": "pasta"})),
        ("Cancel all timers.", ("cancel_timer", {"all": True})),
        ("cancel all my alarms", ("cancel_alarm", {"all": True})),
        ("Cancel the alarm.", ("cancel_alarm", {})),
        ("turn off the school alarm", ("cancel_alarm", {"label": "school"})),
        ("stop the alarm", ("cancel_alarm", {})),
        ("stop the pasta timer", ("cancel_timer", {"label": "pasta"})),
        ("How long is left on the pasta?", ("list_timers", {"label": "pasta"})),
        ("how much time is left on the pasta timer", ("list_timers", {"label": "pasta"})),
        ("How long is left?", ("list_timers", {})),
        ("what alarms do I have", ("list_timers", {})),
        ("when does my next alarm ring", ("list_timers", {})),
        ("Snooze.", ("snooze", {})),
        ("snooze for five minutes", ("snooze", {"minutes": 5})),
        ("Do not disturb until seven", ("do_not_disturb", {"on": True, "until": "19:00"})),
        ("don't disturb me until 7 am", ("do_not_disturb", {"on": True, "until": "07:00"})),
        ("turn on do not disturb", ("do_not_disturb", {"on": True})),
        ("turn off do not disturb", ("do_not_disturb", {"on": False})),
        ("be quiet until eight in the morning", ("do_not_disturb", {"on": True, "until": "08:00"})),
        ("be quiet", ("end_conversation", {})),
        ("stop", ("end_conversation", {})),
    ],
)  # fmt: skip
def test_timers_and_alarms_are_changed(words: str, call: tuple[str, Any]) -> None:
    assert hears(words, CLOCK) == call


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("wake me at six", "no alarms"),
        ("pause the timer", "can't change a timer"),
        ("do not disturb until seven", "no quiet hours"),
    ],
)
def test_a_board_that_cannot_says_so(words: str, said: str) -> None:
    assert said in hears(words, TOOLS)


def test_just_before_and_just_after() -> None:
    found = find_time("7:30")
    assert found is not None
    for hour, minute, clock in ((7, 29, (7, 30)), (7, 30, (19, 30)), (19, 30, (7, 30))):
        assert found[0].next(NOW.replace(hour=hour, minute=minute)) == clock
