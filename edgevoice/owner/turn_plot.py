"""Pictures of turns: stacked bars of the last ones, and what is usual of each leg.

matplotlib is the extra `plot`, imported here alone and only when a picture is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgevoice.daemon.diary.legs import LEGS, WAIT, legs
from edgevoice.errors import PlotError
from edgevoice.owner.wording import clock, now

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (".png", ".svg", ".pdf")
COLOURS = ("#bbbbbb", "#66ccee", "#4477aa", "#ccbb44", "#ee6677", "#aa3377", "#228833")
"""Paul Tol's bright scheme, which colour-blind people can tell apart."""
INK, FAINT = "#222222", "#dddddd"


def plot(told: Mapping[str, Any], path: Path) -> None:
    """PlotError where there is nothing to draw, or nothing to draw with."""
    if path.suffix not in KINDS:
        raise PlotError(f"{path}: a picture must end in {', '.join(KINDS)}")
    turns = [turn for turn in told["turns"] if legs(turn["marks"])]
    if not turns:
        raise PlotError("no turn has been taken yet: talk to it, and draw then")
    try:
        from matplotlib import rcParams
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise PlotError(
            "pictures need matplotlib, which is the extra `plot`: pip install 'edgevoice[plot]'"
        ) from missing
    rcParams["svg.hashsalt"] = "edgevoice"
    rows = max(4.0, 0.34 * len(turns) + 1.6)
    figure = Figure(figsize=(13.0, rows), layout="constrained", facecolor="white")
    left, right = figure.subplots(1, 2, width_ratios=(2.2, 1))
    _waterfalls(left, turns)
    _usual(right, told["usual"], told["kept"])
    figure.savefig(path, dpi=150)


def _waterfalls(axes: Axes, turns: Sequence[Mapping[str, Any]]) -> None:
    """The legs that somebody waits for, end to end; the newest turn on top."""
    used = [leg for leg in LEGS if any(leg.name in legs(turn["marks"]) for turn in turns)]
    ends = [0.0] * len(turns)
    for leg in used:
        widths = [legs(turn["marks"]).get(leg.name, 0.0) for turn in turns]
        axes.barh(
            range(len(turns)),
            widths,
            left=ends,
            height=0.68,
            color=COLOURS[LEGS.index(leg)],
            label=leg.name,
            edgecolor="white",
            linewidth=0.6,
        )
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    for row, (turn, end) in enumerate(zip(turns, ends, strict=True)):
        axes.text(end, row, f"  {turn['outcome']}", va="center", fontsize=8, color=INK)
    today = now()
    names = [f"{turn['turn']} · {clock(turn['at'], today)}" for turn in turns]
    axes.set_yticks(range(len(turns)), names, fontsize=8)
    axes.set_xlim(0, max(max(ends) * 1.18, 0.1))
    axes.set_xlabel("seconds the device, the network and the relay took")
    axes.set_title(f"The last {len(turns)} turns", loc="left", fontsize=12, color=INK, pad=28)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(used), fontsize=8, frameon=False
    )
    _quieten(axes)


def _usual(axes: Axes, usual: Mapping[str, Mapping[str, float]], kept: int) -> None:
    names = [leg.name for leg in (*LEGS, WAIT) if leg.name in usual][::-1]
    colours = dict(zip((leg.name for leg in LEGS), COLOURS, strict=True)) | {WAIT.name: INK}
    for row, name in enumerate(names):
        p50, p95 = usual[name]["p50_s"] * 1e3, usual[name]["p95_s"] * 1e3
        axes.plot((p50, p95), (row, row), color=colours[name], linewidth=5, alpha=0.35)
        axes.plot(p50, row, "o", color=colours[name], markersize=8)
        axes.plot(p95, row, "|", color=colours[name], markersize=14, markeredgewidth=2.5)
        label = f"{p50:.0f} / {p95:.0f} ms"
        axes.text(p50, row + 0.24, label, ha="left", fontsize=8, color=INK)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(-0.6, len(names) - 0.2)
    axes.set_xlim(0, max(usual[name]["p95_s"] for name in names) * 1e3 * 1.15 + 1.0)
    axes.set_xlabel("milliseconds")
    axes.set_title(f"p50 ● and p95 | of {kept} turns", loc="left", fontsize=12, color=INK, pad=28)
    _quieten(axes)


def _quieten(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
