"""scripts/build-wheel: builds the wheel and the source package, the same bytes for the same commit.

    scripts/build-wheel [--into DIR] [--of CHECKOUT]

Everything in them has the date of the last commit, or $SOURCE_DATE_EPOCH where that is set. What
is in CHECKOUT is built, so a release is built from a clean clone.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/build-wheel", description=__doc__.split("\n")[0])
    parser.add_argument("--into", type=Path, default=CHECKOUT / "dist", metavar="DIR")
    parser.add_argument("--of", type=Path, default=CHECKOUT, metavar="CHECKOUT")
    asked = parser.parse_args(arguments)
    into = asked.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)
    environ = os.environ | {"SOURCE_DATE_EPOCH": date(asked.of), "PYTHONHASHSEED": "0"}
    words = [sys.executable, "-m", "hatchling", "build", "-d", into]
    done = subprocess.run(
        words, cwd=asked.of, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"build-wheel: hatchling failed:\n{done.stdout}{done.stderr}")
    for made in sorted([*into.glob("edgevoice-*.whl"), *into.glob("edgevoice-*.tar.gz")]):
        print(f"build-wheel: {hashlib.sha256(made.read_bytes()).hexdigest()}  {made}")
    return 0


def date(checkout: Path) -> str:
    """Seconds since 1970 of the last commit."""
    if named := os.environ.get("SOURCE_DATE_EPOCH"):
        return named
    words = ["git", "log", "-1", "--format=%ct"]
    last = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
    if last.returncode:
        sys.exit("build-wheel: this is no clone; say the date of the source in SOURCE_DATE_EPOCH")
    return last.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
