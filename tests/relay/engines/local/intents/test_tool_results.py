"""Results of tools in words. The JSON is what the device's own tools return."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.relay.engines.local.intents.tool_results import (
    is_known,
    phrase,
    running_timers,
)


def said(tool: str, result: object, **asked: object) -> str:
    return phrase(tool, json.dumps(asked), json.dumps(result))


@pytest.mark.parametrize(
    ("tool", "asked", "result", "sentence"),
    [
        ("set_timer", {}, {"label": "timer", "seconds": 600}, "Timer set for 10 minutes."),
        ("set_timer", {}, {"label": "pasta", "seconds": 90}, "Pasta timer set for 1 minute and 30"),
        ("cancel_timer", {}, {"cancelled": "timer 2"}, "Timer 2 cancelled."),
        ("cancel_timer", {}, {"error": "no timer is running"}, "No timer is running."),
        ("list_timers", {}, {"timers": []}, "There is no timer."),
        (
            "set_alarm",
            {},
            {"label": "alarm", "time": "07:30", "days": "weekdays", "next": "tomorrow 07:30"},
            "Alarm set for 7:30 AM on weekdays, next tomorrow.",
        ),
        (
            "set_alarm",
            {},
            {"label": "wake up", "time": "19:05", "days": "once", "next": "today 19:05"},
            "Wake up alarm set for 7:05 PM today.",
        ),
        (
            "set_alarm",
            {},
            {"label": "alarm", "time": "07:30", "days": "once", "next": "Friday 07:30"},
            "Alarm set for 7:30 AM on Friday.",
        ),
        (
            "set_alarm",
            {},
            {
                "label": "alarm",
                "time": "07:30",
                "days": "once",
                "next": "unknown: this board does not know the time yet",
            },
            "Alarm set for 7:30 AM as soon as I know the time.",
        ),
        (
            "set_alarm",
            {},
            {"error": "07:30 has passed today already"},
            "07:30 has passed today already.",
        ),
        ("add_to_timer", {}, {"label": "pasta", "remaining_s": 480}, "Pasta timer: 8 minutes left"),
        (
            "pause_timer",
            {},
            {"label": "timer", "remaining_s": 60, "paused": True},
            "Timer: 1 minute left and paused.",
        ),
        ("cancel_timer", {}, {"stopped": "pasta"}, "Okay."),
        ("cancel_timer", {}, {"cancelled_all": ["a", "b"]}, "2 timers cancelled."),
        ("cancel_alarm", {}, {"cancelled_all": []}, "There was no alarm."),
        ("cancel_alarm", {}, {"cancelled": "school"}, "School alarm cancelled."),
        ("snooze", {}, {"snoozed": ["alarm"], "minutes": 9}, "Snoozed for 9 minutes."),
        ("do_not_disturb", {}, {"quiet": True, "until": "07:00"}, "I'll be quiet until 7:00 AM."),
        ("do_not_disturb", {}, {"quiet": False}, "Okay, I'm listening for everything again."),
        (
            "list_timers",
            {},
            {
                "timers": [],
                "alarms": [{"label": "up", "time": "06:00", "days": "daily"}],
                "missed": [{"label": "egg"}],
            },
            "Up alarm: 6:00 AM every day. Egg timer rang, and nobody came.",
        ),
        (
            *("list_timers", {}),
            {"timers": [{"label": "pasta", "remaining_s": 61}]},
            "Pasta timer: 1 minute and 1 second left.",
        ),
        ("set_volume", {"percent": 30}, {"percent": 30}, "Volume 30 percent."),
        ("change_volume", {"delta": -90}, {"percent": 0}, "The sound is off."),
        ("switch_light", {}, {"name": "lamp", "on": True}, "The lamp is on."),
        ("switch_light", {}, {"name": "lamp", "on": False}, "The lamp is off."),
        ("switch_light", {}, {"error": "no such lamp"}, "That didn't work: no such lamp."),
        ("weather", {}, {"message": "it rains"}, "It rains."),
        ("weather", {}, {"deg": [1]}, "Done."),
    ],
)
def test_phrases(tool, asked, result, sentence):
    assert said(tool, result, **asked).startswith(sentence)


def test_text_instead_of_json_is_read_out():
    assert phrase("weather", "{}", "sunny, 20 degrees") == "Sunny, 20 degrees."


def test_unknown_tools_are_left_to_a_model_where_there_is_one():
    assert is_known("set_timer")
    assert not is_known("weather")


def test_the_labels_of_running_timers():
    output = json.dumps({"timers": [{"label": "a"}, {"label": "b"}, {}, 7]})
    assert running_timers(output) == ["a", "b"]
    assert running_timers("[]") == []


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
tools = st.sampled_from(
    ["set_timer", "cancel_timer", "list_timers", "set_volume", "switch_light", "other", ""]
)
keys = st.sampled_from(
    ["label", "seconds", "timers", "percent", "name", "on", "error", "cancelled"]
)


@given(tools, st.dictionaries(keys, json_values) | json_values, st.text(max_size=20))
def test_no_result_is_an_error(tool, result, arguments):
    assert phrase(tool, arguments, json.dumps(result))
    assert isinstance(phrase(tool, "{}", arguments), str)
