"""A short soak of the real programs: all turns are accounted for, and a leak is told."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

SECONDS = 3
"""As long as that conversations are begun: one is, and it is finished."""


def soak(into: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgevoice.simulator.soak", "--engine", "parrot"]
    command += ["--minutes", str(SECONDS / 60), "--into", str(into), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


def told(path: Path, kind: str) -> Iterator[dict]:
    for line in (path / "samples.jsonl").read_text().splitlines():
        if (entry := json.loads(line))["kind"] == kind:
            yield entry


def test_a_leaking_device_is_found_and_every_turn_is_accounted_for(tmp_path: Path) -> None:
    device = ("--device", "tests.simulator.soak.leaking_device")
    done = soak(tmp_path, "--no-faults", "--talks", "follow-up", *device)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = {line for line in done.stdout.splitlines() if line.startswith("FAILED")}
    assert {" ".join(line.split()[:3]) for line in failed} == {
        "FAILED device descriptors:",
        "FAILED device tasks:",
    }, done.stdout
    (episode,) = told(tmp_path, "episode")
    assert [turn["cause"] for turn in episode["turns"]] == ["wake", "follow-up"]
    assert "turns: 2 answered, 0 interrupted, 0 cancelled" in done.stdout
    assert "0 unexplained" in done.stdout
    calm = [each for each in told(tmp_path, "sample") if each["calm"]]
    assert {each["program"] for each in calm} == {"device", "relay"}
    assert all(each["values"].keys() >= {"rss_mb", "tasks", "descriptors"} for each in calm)
