"""`edgevoice timers`: words become tools' arguments, and answers become lines."""

from typing import Any

import pytest

from edgevoice.cli import parser
from edgevoice.errors import ControlError
from edgevoice.owner.timers import asked, length, told


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("5", 300), ("1h30m", 5400), ("90s", 90), ("2h", 7200), ("10min", 600),
     ("1m30s", 90), ("-5m", -300)],
)  # fmt: skip
def test_how_long(text: str, seconds: int) -> None:
    assert length(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0", "0m", "5x", "m", "7:30", "-", "99999"])
def test_no_length_says_what_is_wanted(text: str) -> None:
    with pytest.raises(ControlError, match="5m, 1h30m"):
        length(text)


@pytest.mark.parametrize(
    ("words", "more", "tool"),
    [
        ("list", {}, ("list_timers", {})),
        ("add 5m pasta", {}, ("set_timer", {"seconds": 300, "label": "pasta"})),
        ("add 5m", {}, ("set_timer", {"seconds": 300})),
        ("add 7:30 wake up", {"days": "weekdays"},
         ("set_alarm", {"time": "7:30", "days": "weekdays", "label": "wake up"})),
        ("add 7:30", {"tomorrow": True}, ("set_alarm", {"time": "7:30", "day": "tomorrow"})),
        ("more 5m pasta", {}, ("add_to_timer", {"seconds": 300, "label": "pasta"})),
        ("cancel green tea", {}, ("cancel_any", {"label": "green tea"})),
        ("pause", {}, ("pause_timer", {})),
        ("resume pasta", {}, ("resume_timer", {"label": "pasta"})),
        ("snooze", {}, ("snooze", {})),
        ("snooze 5m", {}, ("snooze", {"minutes": 5})),
    ],
)  # fmt: skip
def test_words_become_a_tool(words: str, more: dict[str, Any], tool: tuple[str, Any]) -> None:
    what, *rest = words.split()
    assert asked(what, rest, **more) == [tool]


def test_all_are_timers_and_alarms() -> None:
    names = [name for name, _ in asked("cancel", [], everything=True)]
    assert names == ["cancel_timer", "cancel_alarm"]


def test_days_are_for_alarms() -> None:
    with pytest.raises(ControlError, match="days are for alarms"):
        asked("add", ["5m", "pasta"], days="weekdays")


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ({"timers": [], "alarms": []}, ["nothing is set"]),
        (
            {
                "timers": [{"label": "pasta", "remaining_s": 272, "paused": True}],
                "alarms": [
                    {"label": "up", "time": "07:30", "days": "daily", "next": "tomorrow 07:30"}
                ],
                "ringing": ["egg"],
                "missed": [{"label": "tea", "kind": "timer", "at": "17:05"}],
            },
            ["egg: rings now", "pasta: 4:32 left, paused", "up: 07:30 daily, next tomorrow 07:30",
             "tea: rang at 17:05, missed"],
        ),
        ({"label": "tea", "seconds": 3723}, ["tea: 1:02:03 left"]),
        ({"cancelled": "tea"}, ["tea: cancelled"]),
        ({"cancelled_all": ["tea", "egg"]}, ["tea: cancelled", "egg: cancelled"]),
        ({"snoozed": ["up"], "minutes": 9.0}, ["up: again in 9 minutes"]),
        ({"stopped": "egg"}, ["egg: stopped"]),
    ],
)  # fmt: skip
def test_answers_become_lines(answer: dict[str, Any], lines: list[str]) -> None:
    assert told(answer) == lines


@pytest.mark.parametrize(
    ("line", "words", "days"),
    [
        ("add 7:30 --weekdays wake up", ["7:30", "wake", "up"], "weekdays"),
        ("add 7:30 wake up --daily --json", ["7:30", "wake", "up"], "daily"),
        ("add --tomorrow 7:30 wake up", ["7:30", "wake", "up"], "tomorrow"),
        ("add 7:30 --days monday,friday wake up", ["7:30", "wake", "up"], "monday,friday"),
        ("add 5m pasta", ["5m", "pasta"], ""),
        ("", [], ""),
    ],
)
def test_days_may_stand_anywhere(line: str, words: list[str], days: str) -> None:
    args = parser().parse_args(["timers", *line.split()])
    assert (args.words, args.days) == (words, days)
