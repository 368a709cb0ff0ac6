"""`scripts/soak`: a device and a relay that talk, and break, for as long as one likes.

Conversations follow each other with short pauses; time itself runs as ever, because packets
over loopback, jitter buffers and wake words do. Exit status: 0 flat and everything explained,
1 not, 2 it could not be run.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from edgevoice.errors import EdgeVoiceError
from edgevoice.simulator.soak.house import DEVICE, House
from edgevoice.simulator.soak.judgement import verdicts
from edgevoice.simulator.soak.ledger import books
from edgevoice.simulator.soak.report import failures, lines
from edgevoice.simulator.soak.schedule import TALKS
from edgevoice.simulator.soak.soak import Options, Outcome, Soak

ISOLATED = "EDGEVOICE_SOAK_ISOLATED"


def main(words: list[str]) -> int:
    asking = parser()
    args = asking.parse_args(words)
    talks = tuple(args.talks.split(",")) if args.talks else talks_of(args.engine)
    if unknown := set(talks) - set(TALKS):
        asking.error(f"no talk is called {sorted(unknown)}; there are: {', '.join(TALKS)}")
    if args.minutes <= 0 or args.rate <= 0:
        asking.error("--minutes and --rate are more than nothing")
    isolate(words)
    into: Path = args.into
    into.mkdir(parents=True, exist_ok=True)
    options = Options(
        args.minutes,
        args.rate,
        args.seed,
        faults=not args.no_faults,
        talks=talks,
        isolated=ISOLATED in os.environ,
    )
    for line in head(options, args.engine):
        print(line, flush=True)
    try:
        outcome = asyncio.run(run(options, into, args.engine, args.device))
    except EdgeVoiceError as trouble:
        print(f"soak: {trouble}", file=sys.stderr)
        return 2
    return conclude(options, outcome, into)


def talks_of(engine: str) -> tuple[str, ...]:
    """The parrot has no voice of its own to announce anything with."""
    return tuple(talk for talk in TALKS if engine != "parrot" or talk != "announcement")


def conclude(options: Options, outcome: Outcome, into: Path) -> int:
    found = verdicts(outcome.samples, options.minutes, per_hour(outcome))
    summary = "\n".join(lines(options, outcome, found)) + "\n"
    (into / "summary.txt").write_text(summary)
    print(f"{summary}everything is in {into}")
    return 1 if failures(outcome, books(outcome.episodes), found) else 0


def per_hour(outcome: Outcome) -> float:
    """Conversations, as they really came."""
    if not outcome.episodes:
        return 0.0
    length_s = outcome.episodes[-1].ended_s - outcome.episodes[0].began_s
    return len(outcome.episodes) / max(length_s, 1.0) * 3600


async def run(options: Options, into: Path, engine: str, device: str) -> Outcome:
    began = time.monotonic()
    house = House(into, engine, lambda: time.monotonic() - began, device)
    try:
        await house.open()
        return await Soak(options, house, into, lambda line: print(line, flush=True)).run()
    finally:
        await house.close()


def head(options: Options, engine: str) -> list[str]:
    broken = "faults by the schedule of this seed" if options.faults else "no faults"
    cut = "loopback is taken down" if options.isolated else "the relay is stopped"
    return [
        f"soak: {options.minutes:g} minutes, engine {engine}, seed {options.seed}, {broken}",
        "time is real; conversations follow each other with short pauses,"
        f" at most {options.rate:g} a minute",
        f"a link is cut for some seconds: {cut}",
    ]


def isolate(words: list[str]) -> None:
    """Go on in a network of our own, if the kernel lets us, where loopback can be taken down."""
    if ISOLATED in os.environ or not (shutil.which("unshare") and shutil.which("ip")):
        return
    for command in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            raise_loopback = 'ip link set lo up && exec "$@"'
            again = [sys.executable, "-m", "edgevoice.simulator.soak", *words]
            os.environ[ISOLATED] = "1"
            os.execvp(command[0], [*command, "sh", "-c", raise_loopback, "soak", *again])


def parser() -> argparse.ArgumentParser:
    built = argparse.ArgumentParser("scripts/soak", description=__doc__.partition("\n")[0])
    built.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    built.add_argument(
        "--rate", type=float, default=15.0, help="conversations a minute at most (default: 15)"
    )
    built.add_argument("--seed", type=int, default=1, help="of the schedule (default: 1)")
    built.add_argument("--no-faults", action="store_true", help="only conversations")
    built.add_argument(
        "--into", type=Path, default=Path("soak"), help="folder of the results (default: soak)"
    )
    built.add_argument("--engine", choices=("local", "parrot"), default="local", help="who answers")
    built.add_argument(
        "--talks",
        help="which conversations, separated by commas (default: all that the engine can have)",
    )
    built.add_argument("--device", default=DEVICE, help=argparse.SUPPRESS)
    return built


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
