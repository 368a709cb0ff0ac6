"""From measurements to a table: medians, spreads, who leads and by how much. Pure.

`results` is what `peers.json` holds; see `rows` for what is read from it.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OURS = "edgevoice"
OURS_SMALL = "edgevoice, microWakeWord"
SATELLITE = "wyoming-satellite"
SATELLITE_VAD = "wyoming-satellite --vad"
STOCK = "openWakeWord + aiortc"
LOOPS = ("pyopen-wakeword", "pymicro-wakeword")
"""Wake words and nothing else: no rivals for an assistant, but what one is built on."""
COLUMNS = (OURS, OURS_SMALL, SATELLITE, SATELLITE_VAD, STOCK, *LOOPS)
RIVALS = (SATELLITE, SATELLITE_VAD, STOCK)
ON_THE_BOARD = (SATELLITE, STOCK)
"""Who listens for the wake word on the board; `--vad` leaves that to its server."""

NOT_OFFERED = "not offered"
NOT_MEASURED = "–"
ENOUGH = 5
"""From so many on the spread is that of the middle half, below it the whole."""

Results = Mapping[str, Any]
Value = Callable[[Results], float | None]


@dataclass(frozen=True)
class Cell:
    """`values` as measured; or `says`, where no number can be compared."""

    values: tuple[float, ...] = ()
    says: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.values and not self.says else None

    @property
    def spread(self) -> tuple[float, float]:
        if len(self.values) < ENOUGH:
            return min(self.values), max(self.values)
        low, _, high = statistics.quantiles(self.values, n=4)
        return low, high


@dataclass(frozen=True)
class Row:
    """Less is better in all of them."""

    title: str
    unit: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    digits: int = 0
    rivals: Sequence[str] = RIVALS
    grain: float = 0.0
    """Differences below it are not seen."""
    why_not: str = ""
    """It is told but not compared, because."""


def cell(row: Row, system: str) -> str:
    one = row.cells.get(system, Cell(says=NOT_OFFERED if system in LOOPS else NOT_MEASURED))
    if one.says:
        return one.says
    if not one.values:
        return NOT_MEASURED
    told = f"{number(statistics.median(one.values), row.digits)} {row.unit}".strip()
    if len(one.values) == 1:
        return told
    low, high = (number(value, row.digits) for value in one.spread)
    return f"{told} ({low} to {high}, n {len(one.values)})"


def number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def verdict(row: Row) -> str:
    """Of edgevoice as it comes, next to the best assistant that can do this at all."""
    if row.why_not:
        return f"not compared: {row.why_not}"
    mine = row.cells.get(OURS, Cell()).median
    theirs = {
        name: value
        for name in row.rivals
        if (value := row.cells.get(name, Cell()).median) is not None
    }
    if mine is None:
        return "not measured"
    if not theirs:
        return "**leads**: nobody else can"
    best = min(theirs, key=lambda name: theirs[name])
    apart = number(abs(mine - theirs[best]), row.digits)
    if float(apart) == 0 or abs(mine - theirs[best]) < row.grain:
        return f"level with {best}"
    by = f"by {apart} {row.unit}".strip()
    return f"**leads** {by}" if mine < theirs[best] else f"**behind** {best} {by}"


def table(rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> str:
    lines = [
        "| | " + " | ".join(columns) + " | where edgevoice stands |",
        "|---|" + "---|" * (len(columns) + 1),
    ]
    for row in rows:
        cells = " | ".join(cell(row, system) for system in columns)
        lines.append(f"| {row.title} | {cells} | {verdict(row)} |")
    return "\n".join(lines)


WORD_EVERY_S = 2.0
"""The wake word is said so often while systems recover."""
STAND_INS = "the other servers are stand-ins"


def rows(results: Results) -> list[Row]:
    """What has been measured; a part that is missing gives no row."""
    parts: tuple[tuple[str, Callable[[Any], Iterable[Row]]], ...] = (
        ("idle", _idle_rows),
        ("waking", _waking_rows),
        ("talking", _talking_rows),
        ("interrupting", _interrupting_rows),
        ("recovering", _recovering_rows),
    )
    return [row for name, made in parts if results.get(name) for row in made(results[name])]


def _idle_rows(idle: Results) -> Iterable[Row]:
    rooms = {"quiet": "quiet room", "television": "television on"}
    for room, words in rooms.items():
        cells = {name: Cell(tuple(one["cpu_percent"])) for name, one in idle[room].items()}
        yield Row(f"Listening: processor, {words}", "% of a core", cells, 1, ON_THE_BOARD)
    memory = {
        name: Cell(tuple(idle[room][name]["rss_mb"] for room in rooms)) for name in idle["quiet"]
    }
    yield Row("Listening: memory (RSS)", "MB", memory, 0, ON_THE_BOARD)


def _waking_rows(waking: Sequence[Results]) -> Iterable[Row]:
    for room, words in {"quiet": "quiet room", "kitchen": "kitchen 10 dB below"}.items():
        of = {one["engine"]: one for one in waking if one["room"] == room}
        n = max((one["said"] for one in of.values()), default=0)
        minutes = max((one["hours"] for one in of.values()), default=0.0) * 60
        missed = {name: Cell((100 * one["missed"] / one["said"],)) for name, one in of.items()}
        yield Row(f"Wake word missed, {words} (of {n})", "%", missed, 1)
        false = {name: Cell((one["false"] / one["hours"],)) for name, one in of.items()}
        yield Row(f"Woken by other speech, {words} ({minutes:.0f} min)", "per hour", false, 1)
        strict = {
            name: Cell((100 * one["missed_without_false"] / one["said"],))
            if one["missed_without_false"] is not None
            else Cell(says="tells no scores")
            for name, one in of.items()
        }
        yield Row(f"Missed, {words}, at the threshold without false wakes", "%", strict, 1)


def _talking_rows(talking: Mapping[str, Sequence[Results]]) -> Iterable[Row]:
    def cells(value: Value) -> dict[str, Cell]:
        return {
            name: Cell(tuple(v for one in trials if (v := value(one)) is not None))
            for name, trials in talking.items()
        }

    woke = {
        name: Cell((100 * sum(not one["woke"] for one in trials) / len(trials),))
        for name, trials in talking.items()
    }
    yield Row("One breath: not woken at all", "%", woke)
    lost = cells(lambda one: one["lost_s"])
    yield Row(
        "Words lost after the wake word: breaths with a loss", "%",
        {name: Cell((100 * sum(v > 0 for v in c.values) / len(c.values),))
         for name, c in lost.items() if c.values},
    )  # fmt: skip
    worst = {name: Cell((1000 * max(c.values),)) for name, c in lost.items() if c.values}
    yield Row("Words lost: speech of the command, the worst breath", "ms", worst)
    to_server = cells(lambda one: _ms(one["to_server_s"]))
    if SATELLITE_VAD in to_server:
        to_server[SATELLITE_VAD] = Cell(says="before it: all speech is sent")
    yield Row("End of the wake word to its sound at the server", "ms", to_server)
    yield from _answer_rows(cells)


def _answer_rows(cells: Callable[[Value], dict[str, Cell]]) -> Iterable[Row]:
    """What the server adds by deciding is told; what is compared is the way there and back."""

    def back(one: Results) -> float | None:
        parts = one["to_answer_s"], one["turn_s"]
        return None if None in parts else _ms(parts[0] - parts[1])

    def way(one: Results) -> float | None:
        parts = _ms(one["uplink_s"]), back(one)
        return None if None in parts else sum(parts)  # type: ignore[arg-type]

    yield Row("End of speech to the answer, without the server's decision", "ms", cells(way))
    yield Row("… of it: the end of speech to the server", "ms",
              cells(lambda one: _ms(one["uplink_s"])))  # fmt: skip
    yield Row("… of it: the server's decision to the loudspeaker", "ms", cells(back))
    yield Row("End of speech to the answer, with the server's decision", "ms",
              cells(lambda one: _ms(one["to_answer_s"])), why_not=STAND_INS)  # fmt: skip


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _interrupting_rows(interrupting: Mapping[str, Sequence[Results]]) -> Iterable[Row]:
    yield Row("Speaking into the answer to silence", "ms",
              {name: _interrupted(trials) for name, trials in interrupting.items()})  # fmt: skip


def _interrupted(trials: Sequence[Results]) -> Cell:
    stopped = [one for one in trials if one["stopped"]]
    went_on = [one["silent_s"] for one in trials if one["answered"] and not one["stopped"]]
    if len(went_on) > len(stopped):
        return Cell(says=f"not offered: plays on to its end, {statistics.median(went_on):.1f} s")
    return Cell(tuple(1000 * one["silent_s"] for one in stopped))


def _recovering_rows(recovering: Mapping[str, Mapping[str, Sequence[Results]]]) -> Iterable[Row]:
    titles = {
        "microphone": "Sound server away for 3 s: heard again after its return",
        "server": "Assistant's server away for 3 s: heard again after its return",
    }
    for loss, title in titles.items():
        cells = {name: _recovered(trials) for name, trials in recovering[loss].items()}
        yield Row(title, "s", cells, 1, grain=WORD_EVERY_S)


def _recovered(trials: Sequence[Results]) -> Cell:
    never = sum(one["heard_s"] is None for one in trials)
    if never:
        return Cell(says=f"not heard again in time, {never} of {len(trials)}")
    return Cell(tuple(one["heard_s"] for one in trials))


def restarted(recovering: Mapping[str, Mapping[str, Sequence[Results]]]) -> dict[str, list[str]]:
    """Which losses ended the program of whom, so that only a supervisor brought it back."""
    return {
        loss: [name for name, trials in systems.items() if any(one["restarts"] for one in trials)]
        for loss, systems in recovering.items()
    }
