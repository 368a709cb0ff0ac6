"""One process that searches for bytes which break contracts: needs atheris, and knows its options.

    python -m tests.fuzzing.searching --into DIR [--seconds N] [--runs N] [--grow DIR] TARGET...

Each target is searched in a fork of its own, for libFuzzer ends its process; what they import
is instrumented once. What breaks a contract is left in DIR/TARGET/.
"""

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path

import atheris

from tests.fuzzing import targets
from tests.fuzzing.scratch import memory

SECONDS_EACH = 10
"""One input may take no longer..."""
MEGABYTES = 1_024
"""...and all of them no more memory than this. The libraries alone take 200."""
LIBRARIES = ["aioice.stun", "aioice.candidate", "aiortc.sdp", "aiortc.rtcsctptransport"]
"""Of others, in pure Python: what our guards lead into."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--grow", type=Path)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--runs", type=int, default=-1)
    asked = parser.parse_args()
    with atheris.instrument_imports(include=["edgevoice", *LIBRARIES]):
        contracts = {name: targets.contract(name) for name in asked.targets}
    # The forks end without tidying up.
    with tempfile.TemporaryDirectory(prefix="edgevoice-fuzz-", dir=memory()) as scratch:
        os.environ["TMPDIR"] = scratch
        asked.grow = asked.grow or Path(scratch, "corpus")
        failed = [name for name, contract in contracts.items() if _forked(name, contract, asked)]
    return 1 if failed else 0


def _forked(name: str, contract: targets.Contract, asked: argparse.Namespace) -> int:
    """How its search ended."""
    sys.stdout.flush()
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    options = [
        f"-artifact_prefix={_made(asked.into / name)}/",
        f"-max_len={_limit(name)}",
        f"-timeout={SECONDS_EACH}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-max_total_time={asked.seconds}",
        f"-runs={asked.runs}",
        "-seed=1",
        "-print_final_stats=1",
    ]
    # What is new goes to the first folder; the checked-in ones are only read.
    folders = [_made(asked.grow / name)]
    if targets.seeds(name):
        folders.append(targets.CORPUS / name)
    atheris.Setup([name, *options, *map(str, folders)], contract)
    atheris.Fuzz()
    os._exit(0)


def _limit(name: str) -> int:
    module = importlib.import_module(f"{targets.__name__}.{name}")
    return int(getattr(module, "MOST_BYTES", targets.MOST_BYTES))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
