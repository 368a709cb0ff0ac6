"""What time it is, what day it is, how long until then."""

import re
from datetime import date, datetime, timedelta

from edgevoice.relay.engines.local.intents.pattern import Pattern
from edgevoice.relay.engines.local.intents.reply import Reply, Said

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ONCE_A_YEAR = {
    "christmas": (12, 25),
    "christmas day": (12, 25),
    "christmas eve": (12, 24),
    "new year": (1, 1),
    "new years": (1, 1),
    "new years day": (1, 1),
    "new years eve": (12, 31),
    "halloween": (10, 31),
    "valentines day": (2, 14),
}
_NEAR = {"today": 0, "tomorrow": 1, "yesterday": -1, "day after tomorrow": 2}

_HERE = "[here|today|exactly|currently|at the moment]"
_TIME = Pattern(
    f"what time (is it|it is|do you have) {_HERE}",
    f"[what is] [the] [current|exact|local] time {_HERE}",
    f"(what hour is it|how late is it|what is it oclock) {_HERE}",
    "(have you got|do you have|give me|say|check) the time",
)
_DATE = Pattern(
    "(what|which) date is [it] <when?>",
    "[what is|what was|what will be] [the] [current] date [of] <when?>",
    "what is (todays|the current) date",
    "[what is|what was] [the] (todays|tomorrows|yesterdays) date",
    "what is [the] day and [the] date [today]",
)
_DAY = Pattern(
    "(what|which) day [of the week] (is|was|will) [it|be] <when?> [be]",
    "what day [of the week] [it is|are we]",
    "what is the day [of the week] [today]",
    "(when|what) is <when>",
    "what was <when>",
)
_MONTH = Pattern("(what|which) month [is it|are we in|is this|it is]")
_YEAR = Pattern("(what|which) year [is it|are we in|is this|it is]")
_WEEK = Pattern("(what|which) [calendar] week [number] [of the year] [is it|are we in|is this]")
_UNTIL = Pattern(
    "how (many days|long) [is it|are there|is there] [left] (until|till|til|to) <day>",
)


def about_the_time(said: Said) -> Reply | None:
    return f"It's {say_time(said.now)}." if _TIME.matches(said.text) else None


def about_the_date(said: Said) -> Reply | None:
    if _MONTH.matches(said.text):
        return f"It's {said.now:%B}."
    if _YEAR.matches(said.text):
        return f"It's {said.now.year}."
    if _WEEK.matches(said.text):
        return f"It's week {said.now.isocalendar().week}."
    if found := _UNTIL.match(said.text):
        return _until(found["day"], said.now.date())
    for pattern, only_day in ((_DATE, False), (_DAY, True)):
        if (found := pattern.match(said.text)) is not None:
            named = re.search(r"\b(today|tomorrow|yesterday)s\b", said.text)
            when = found.get("when") or (named[1] if named else "today")
            return _say_day(when, said.now.date(), only_day)
    return None


def say_time(now: datetime) -> str:
    return f"{now.hour % 12 or 12}:{now.minute:02} {'PM' if now.hour >= 12 else 'AM'}"


def say_date(day: date) -> str:
    return f"{day:%A}, {day:%B} {ordinal(day.day)}"


def ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def _say_day(when: str, today: date, only_day: bool) -> Reply | None:
    day = _day(when, today)
    if day is None:
        return None
    far = (day - today).days
    start = {0: "Today is", 1: "Tomorrow is", -1: "Yesterday was"}.get(far)
    if start is None:
        return f"{_title(when.removeprefix('on '))} is {say_date(day)}."
    return f"{start} {f'{day:%A}' if only_day and far else say_date(day)}."


def _until(name: str, today: date) -> Reply | None:
    day = _day(name, today)
    if day is None or day < today:
        return None
    far = (day - today).days
    name = _title(name.removeprefix("the "))
    if far < 2:
        return f"{name} is {'tomorrow' if far else 'today'}."
    return f"There are {far} days until {name}."


def _title(name: str) -> str:
    small = ("the", "of", "after", "day", "next", "tomorrow")
    text = " ".join(word if word in small else word.capitalize() for word in name.split())
    return text[:1].upper() + text[1:]


def _day(name: str, today: date) -> date | None:
    """The next day of that name; None when the name is not one of a day."""
    name = name.removeprefix("the ").removeprefix("on ").removeprefix("next ").removeprefix("this ")
    if name in _NEAR:
        return today + timedelta(_NEAR[name])
    if name in _DAYS:
        return today + timedelta((_DAYS.index(name) - today.weekday()) % 7 or 7)
    month, day = _ONCE_A_YEAR.get(name) or _month_and_day(name)
    return _next(today, month, day)


def _month_and_day(name: str) -> tuple[int, int]:
    """(0, 0) when it is none."""
    words = name.replace("the ", "").replace(" of ", " ").split()
    months = [_MONTHS.index(word) + 1 for word in words if word in _MONTHS]
    days = [match for word in words if (match := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", word))]
    if len(words) != 2 or len(months) != 1 or len(days) != 1:
        return 0, 0
    return months[0], int(days[0][1])


def _next(today: date, month: int, day: int) -> date | None:
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue  # February 29th comes in leap years only
        if found >= today:
            return found
    return None
