"""scripts/mutants: takes the handling of faults out of copies of the product; tests have to fail.

    scripts/mutants [FAULT...]

Before anything is taken out the same tests have to pass in the copy: what fails anyway finds
nothing. Ends with 0 when every mutant is found.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.mutants import MUTANTS, Mutant  # noqa: E402

PASSED, FAILED = 0, 1
"""pytest's exit status when tests were run: all passed, some failed."""
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "build", "dist", "simulated", "soak"
)


def play(mutant: Mutant, tree: Path) -> str:
    """Why the tests do not notice it; empty if they do."""
    status, told = tried(mutant.test, tree)
    if status != PASSED:
        return f"its tests do not pass without it: {told}"
    mutant.spoil(tree)
    status, told = tried(mutant.test, tree)
    shutil.copy2(ROOT / mutant.file, tree / mutant.file)
    if status == FAILED:
        return ""
    return "its tests pass" if status == PASSED else told


def tried(test: str, tree: Path) -> tuple[int, str]:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout[-1000:] + done.stderr[-1000:]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/mutants", description=(__doc__ or "").split("\n")[0].split(": ")[1]
    )
    known = sorted({mutant.fault for mutant in MUTANTS})
    parser.add_argument("faults", metavar="FAULT", nargs="*", help=f"of {', '.join(known)}")
    wanted = parser.parse_args().faults
    if unknown := set(wanted) - set(known):
        parser.error(f"no mutant of {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    alive = 0
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        shutil.copytree(ROOT, tree, symlinks=True, ignore=LEFT_OUT)
        (tree / ".venv").symlink_to(sys.prefix)  # where the models are
        for mutant in MUTANTS:
            if not wanted or mutant.fault in wanted:
                why = play(mutant, tree)
                alive += bool(why)
                verdict = f"LIVES: {why}" if why else f"found by {mutant.test}"
                print(f"{mutant.fault}: without {mutant.without}: {verdict}", flush=True)
    return int(alive > 0)


if __name__ == "__main__":
    sys.exit(main())
