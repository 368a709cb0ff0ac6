"""A picture of a soak: what both programs held, and when what broke.

    scripts/soak.d/plot.py DIR      reads DIR/samples.jsonl, writes DIR/soak.png

matplotlib is the extra `plot`: pip install 'edgevoice[plot]'.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROWS = (
    ("rss_mb", "RSS, MB"),
    ("anonymous_mb", "allocated, MB"),
    ("descriptors", "descriptors"),
    ("tasks", "tasks"),
    ("threads", "threads"),
)
COLOURS = {"device": "#0072B2", "relay": "#D55E00"}
INCHES = (11, 12)


def read(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The entries by their kind."""
    found: dict[str, list[dict[str, Any]]] = {"sample": [], "episode": []}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        found.setdefault(entry["kind"], []).append(entry)
    return found


def draw(told: dict[str, list[dict[str, Any]]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.subplots(len(ROWS), 1, sharex=True)
    for axis, (quantity, label) in zip(axes, ROWS, strict=True):
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
        for program, colour in COLOURS.items():
            _line(axis, told["sample"], program, quantity, colour)
        for episode in told["episode"]:
            if episode["fault"]:
                axis.axvspan(
                    episode["began_s"] / 60, episode["ended_s"] / 60, color="#999999", alpha=0.15
                )
    axes[0].legend(loc="best")
    axes[0].set_title("soak: line all the time, dots while nothing went on, grey where it broke")
    axes[-1].set_xlabel("minutes")
    figure.savefig(path, dpi=110)


def _line(axis: Any, samples: list[dict[str, Any]], program: str, quantity: str, colour: str):
    own = [s for s in samples if s["program"] == program and quantity in s["values"]]
    for life in sorted({sample["life"] for sample in own}):
        points = [
            (s["at_s"] / 60, s["values"][quantity], s["calm"]) for s in own if s["life"] == life
        ]
        name = program if life == 1 else None
        axis.plot([p[0] for p in points], [p[1] for p in points], color=colour, lw=0.8, label=name)
        calm = [p for p in points if p[2]]
        axis.plot([p[0] for p in calm], [p[1] for p in calm], "o", ms=3, color=colour)


def main(words: list[str]) -> int:
    folder = Path(words[0] if words else "soak")
    try:
        draw(read(folder / "samples.jsonl"), folder / "soak.png")
    except ImportError:
        print("pictures need matplotlib: pip install 'edgevoice[plot]'", file=sys.stderr)
        return 1
    print(f"the picture is {folder / 'soak.png'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
