"""Sound from the microphone to the loudspeaker: each figure beside its budget and the stock one.

    scripts/bench audio [--speech DIR] [--only NAME,...]

Without --speech the few recordings of the tests are used, which always work and tell
little. DIR holds `wake/WORD/*.wav`, `barista/*.wav` (other speech) and what the single
benches want. The status is 1 when a budget is missed that does not depend on how busy
the machine is. Every part measures with process time, ratios or virtual time.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from sound import barge_in, cost, playback
from sound.figures import Figure, show

HERE = Path(__file__).parent

Section = Callable[[Path | None], bool]
"""Measures with these recordings, prints, and says whether its budgets hold."""


def figures(title: str, measure: Callable[[Path | None], Iterator[Figure]]) -> Section:
    return lambda folder: show(title, measure(folder))


def bench(name: str, takes_speech: bool) -> Section:
    """A bench that stands by itself, in a process of its own."""

    def run(folder: Path | None) -> bool:
        print(f"{name} (`scripts/bench {name}`)", flush=True)
        arguments = ["--speech", str(folder)] if folder and takes_speech else []
        script = HERE / f"{name}.py"
        return subprocess.run([sys.executable, str(script), *arguments]).returncode == 0

    return run


SECTIONS: dict[str, Section] = {
    "playback": figures("wake words said into an answer", playback.misses),
    "false-wakes": figures("an answer that nobody interrupts", playback.false_wakes),
    "barge-in": figures("somebody speaks into an answer", barge_in.interruptions),
    "alone": figures("nobody speaks into an answer", barge_in.by_itself),
    "ears": figures("processor time per second of sound: all that hears", cost.ears),
    "wake-word": figures("processor time per second of sound: wake word", cost.wake_words),
    "canceller": figures("processor time per second of sound: echo", cost.canceller),
    "codec": figures("processor time per second of sound: codec", cost.codec),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench audio",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--speech", type=Path, metavar="DIR", help="a directory of recordings")
    parser.add_argument("--only", metavar="NAME,...", help=f"of {', '.join(SECTIONS)}")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    missed = [name for name in wanted if not SECTIONS[name](options.speech)]
    print(f"missed a budget: {', '.join(missed)}" if missed else "all budgets are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
