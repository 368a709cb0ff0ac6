"""Pictures of the table, in colours that are told apart by all eyes (Okabe and Ito)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from peers.sheet import COLUMNS, OURS, Cell, Row, rows

COLOURS = {
    OURS: "#0072B2",
    "edgevoice, microWakeWord": "#56B4E9",
    "wyoming-satellite": "#D55E00",
    "wyoming-satellite --vad": "#E69F00",
    "openWakeWord + aiortc": "#009E73",
    "pyopen-wakeword": "#999999",
    "pymicro-wakeword": "#CC79A7",
}
PICTURES: Mapping[str, Sequence[str]] = {
    "listening": ("Listening:",),
    "waking": ("Wake word missed", "Woken by", "Missed,"),
    "talking": ("Words lost", "End of", "Speaking into"),
    "recovering": ("Sound server away", "Assistant's server away"),
}
"""By the beginning of the rows' titles."""
WIDTH, ROW_HEIGHT = 9.0, 0.32


def draw(results: Mapping[str, Any], folder: Path) -> list[str]:
    """Writes `peers-NAME.png` for each picture that has something in it; their names."""
    made = rows(results)
    drawn = []
    for name, titles in PICTURES.items():
        shown = [row for row in made if row.title.startswith(tuple(titles))]
        if shown:
            _picture(shown).savefig(folder / f"peers-{name}.png", dpi=110)
            drawn.append(name)
    return drawn


def _picture(shown: Sequence[Row]) -> Figure:
    heights = [len(_bars(row)) + 1.6 for row in shown]
    figure = Figure(figsize=(WIDTH, ROW_HEIGHT * sum(heights) + 0.3), layout="constrained")
    axes = figure.subplots(len(shown), 1, height_ratios=heights, squeeze=False)
    for row, place in zip(shown, axes[:, 0], strict=True):
        _bar_chart(place, row)
    return figure


def _bars(row: Row) -> list[str]:
    return [name for name in COLUMNS if name in row.cells]


def _bar_chart(axes: Axes, row: Row) -> None:
    names = _bars(row)
    for n, name in enumerate(names):
        _bar(axes, n, name, row.cells[name], row)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_title(f"{row.title} [{row.unit}]", loc="left", fontsize=10)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.12)
    axes.set_xlim(0, max(axes.get_xlim()[1], 10.0**-row.digits))  # also where all is nothing
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _bar(axes: Axes, n: int, name: str, one: Cell, row: Row) -> None:
    middle = one.median
    if middle is None:
        axes.text(0, n, f"  {one.says or 'no measurement'}", va="center", fontsize=8)
        return
    low, high = one.spread
    axes.barh(n, max(0.0, middle), color=COLOURS[name], height=0.7)
    if high > low:
        error = [[middle - low if middle > low else 0], [max(0.0, high - middle)]]
        axes.errorbar(max(0.0, middle), n, xerr=error, color="black", capsize=3, lw=1)
    axes.text(max(0.0, high), n, f"  {middle:.{row.digits}f}", va="center", fontsize=8)
