"""scripts/fuzz: searches for bytes that break a contract, and keeps what it finds.

scripts/fuzz                            lists the targets
scripts/fuzz TARGET... [--seconds N]    searches, one after another; `all` for every one
scripts/fuzz --reproduce TARGET FILE    what does this file do?
"""

import argparse
import faulthandler
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.fuzzing import targets
from tests.fuzzing.shrinking import shrunk

CHECKOUT = Path(__file__).resolve().parents[2]
LAST_LINES = 40
"""Of what a search says: the traceback, and the bytes."""
NO_ATHERIS = (
    "fuzz: atheris is not installed: it has wheels for x86_64 only. The corpus is played without"
    " it: scripts/test tests/fuzzing"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", usage=_usage())
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="begin with what is there, and add to it"
    )
    parser.add_argument(
        "--crashes", type=Path, metavar="DIR", default=CHECKOUT / "dist" / "fuzz",
        help="where to leave what breaks a contract (dist/fuzz)",
    )  # fmt: skip
    parser.add_argument("--reproduce", nargs=2, metavar=("TARGET", "FILE"))
    asked = parser.parse_args()
    chosen = targets.names() if asked.targets == ["all"] else asked.targets
    for name in [*chosen, *(asked.reproduce or ())[:1]]:
        if not targets.exists(name):
            parser.error(f"there is no target {name}; there are: {' '.join(targets.names())}")
    if asked.reproduce:
        return _reproduce(*asked.reproduce)
    if not chosen:
        print("\n".join(targets.names()))
        return 0
    if find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 2
    broken = [name for name in chosen if not _search(name, asked)]
    print(f"fuzz: {len(chosen) - len(broken)} of {len(chosen)} held; broken: {broken or 'none'}")
    return 1 if broken else 0


def _usage() -> str:
    return "\n".join((__doc__ or "").splitlines()[2:])


def _search(name: str, asked: argparse.Namespace) -> bool:
    """Whether it held. A child of its own, for what crashes a process is looked for, too."""
    crashes = asked.crashes.resolve() / name
    before = set(crashes.glob("*"))
    command = [sys.executable, "-m", "tests.fuzzing.searching", name]
    command += ["--into", str(crashes.parent), "--seconds", str(asked.seconds)]
    if asked.corpus:
        command += ["--grow", str(asked.corpus.resolve())]
    ended = subprocess.run(
        command,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    found = sorted(set(crashes.glob("*")) - before)
    if ended.returncode == 0:
        print(f"fuzz: {name}: held; {_summary(ended.stdout)}", flush=True)
        return True
    print("\n".join(ended.stdout.splitlines()[-LAST_LINES:]), file=sys.stderr)
    for path in found:
        print(f"fuzz: {name}: BROKEN, see it with:  scripts/fuzz --reproduce {name} {path}")
    return False


def _summary(said: str) -> str:
    figures = dict(
        line.removeprefix("stat::").split(":", 1) for line in said.splitlines() if "stat::" in line
    )
    count = figures.get("number_of_executed_units", "?").strip()
    memory = figures.get("peak_rss_mb", "?").strip()
    covered = [line.split("cov: ")[1].split()[0] for line in said.splitlines() if "cov: " in line]
    return f"{count} inputs, {covered[-1] if covered else '?'} edges, {memory} MB"


def _reproduce(name: str, file: str) -> int:
    """The traceback, and the shortest bytes that give it."""
    contract, data = targets.contract(name), Path(file).read_bytes()
    faulthandler.enable()
    try:
        contract(data)
    except Exception:  # whatever it is, it is what was asked for
        shortest = shrunk(contract, data)
        print(f"fuzz: {name}: {len(shortest)} of {len(data)} bytes do: {shortest!r}")
        raise
    print(f"fuzz: {name}: the contract holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
