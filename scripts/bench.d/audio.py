"""Sound from the microphone to the loudspeaker: each figure beside its budget and the stock one.

    scripts/bench audio [--speech DIR] [--only NAME,...]

Without --speech the few recordings of the tests are used, which always work and tell
little. DIR holds `wake/WORD/*.wav`, `barista/*.wav` (other speech) and what the benches of
the single parts want, which are run as they are. The status is 1 when a budget is missed.
Everything is measured in process time, ratios or virtual time, on a busy machine too.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from sound import barge_in, cost, noise, playback
from sound.figures import Figure, show

HERE = Path(__file__).parent

Section = Callable[[Path | None], bool]
"""Measures with these recordings, prints, and says whether its budgets hold."""


def figures(title: str, measure: Callable[[Path | None], Iterator[Figure]]) -> Section:
    return lambda folder: show(title, measure(folder))


def bench(name: str) -> Section:
    """A bench that stands by itself, in a process of its own."""

    def run(folder: Path | None) -> bool:
        print(f"{name} (`scripts/bench {name}`)", flush=True)
        arguments = ["--speech", str(folder)] if folder and name != "jitter" else []
        command = [sys.executable, str(HERE / f"{name}.py"), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(f"  {line}", end="", flush=True)
        return process.returncode == 0

    return run


SECTIONS: dict[str, Section] = {
    "jitter": bench("jitter"),
    "echo": bench("echo"),
    "wake": bench("wake"),
    "vad": bench("vad"),
    "noise": figures("wake words in a kitchen", noise.misses),
    "playback": figures("wake words said into an answer", playback.misses),
    "barge-in": figures("somebody speaks into an answer", barge_in.interruptions),
    "alone": figures("nobody speaks into an answer", barge_in.by_itself),
    "ears": figures("processor time per second of sound", cost.ears),
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
