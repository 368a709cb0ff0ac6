"""scripts/audit: asks whether anything that is pinned is known to be vulnerable.

    scripts/audit

Ends with 0: everything was asked for, and nothing is known. 1: something is. 2: not everything
could be asked for, which is not the same as fine. All versions are asked for, also those for
other Pythons and processors. Who answers is PyPI's advisory database, and if not, OSV's.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pins

FINE, FOUND, UNKNOWN = 0, 1, 2
SERVICES = ("pypi", "osv")
PATIENCE_S = 15
BESIDE_PYTHON = Path(sys.executable).with_name("pip-audit")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/audit", description=__doc__.split("\n")[0])
    parser.add_argument("--constraints", type=Path, default=pins.CONSTRAINTS, metavar="FILE")
    parser.add_argument("--pip-audit", type=Path, default=BESIDE_PYTHON, metavar="PROGRAM")
    asked = parser.parse_args(arguments)
    wanted = pins.read(asked.constraints)
    unasked, found = set(wanted), []
    for service in SERVICES:
        for one in pins.rounds(sorted(unasked, key=lambda pin: (pin.name, pin.version))):
            answers = _ask(asked.pip_audit, service, one)
            unasked -= {pin for pin in one if pin.name in answers}
            found += [(pin, flaw) for pin in one for flaw in answers.get(pin.name, ())]
    return _told(len(wanted), unasked, found)


def _told(count: int, unasked: set[pins.Pin], found: list[tuple[pins.Pin, Any]]) -> int:
    for pin, flaw in found:
        mended = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
        print(f"audit: {pin.name} {pin.version}: {flaw['id']}; mended in {mended}")
    if unasked:
        names = ", ".join(sorted(pin.name for pin in unasked)[:3])
        print(
            f"audit: could not ask about {len(unasked)} of {count} packages ({names}...): nobody"
            " answers who knows them. This says nothing about them; run it where pypi.org or"
            " api.osv.dev can be reached"
        )
    if found:
        print("audit: FOUND; scripts/lock --upgrade-package NAME takes a newer version")
        return FOUND
    if unasked:
        return UNKNOWN
    print(f"audit: fine: nothing is known about any of {count} packages")
    return FINE


def _ask(program: Path, service: str, wanted: list[pins.Pin]) -> dict[str, list[Any]]:
    """Of each package that was answered for, what is known. Empty when nobody answers."""
    with tempfile.TemporaryDirectory(prefix="edgevoice-audit-") as folder:
        file, answer = Path(folder, "pins.txt"), Path(folder, "answer.json")
        file.write_text("".join(_line(pin) for pin in wanted))
        words = [program, "--require-hashes", "--disable-pip", "-r", file, "-s", service]
        words += ["-f", "json", "-o", answer, "--timeout", str(PATIENCE_S)]
        words += ["--progress-spinner", "off"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if not answer.exists():
            last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            print(f"audit: {service}: no answer: {last[:200]}", file=sys.stderr)
            return {}
        told = json.loads(answer.read_text())["dependencies"]
    # pip-audit calls what it was not told about "skipped", and then says that all is well.
    return {one["name"]: one["vulns"] for one in told if "vulns" in one}


def _line(pin: pins.Pin) -> str:
    hashes = " ".join(f"--hash=sha256:{one}" for one in pin.hashes)
    return f"{pin.name}=={pin.version} {hashes}\n"


if __name__ == "__main__":
    sys.exit(main())
