"""From exec to READY: how long `edgevoice run` takes to start, and what of it is imports.

    scripts/bench start [--runs 5]

The microphone is silent and the speaker nobody's, so cards and their drivers are not in it.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

READY_BUDGET_S = 3.0
HELP_BUDGET_MS = 150
TOP = 12


def started(folder: Path) -> tuple[float, float]:
    """From exec to READY=1: seconds, and seconds of processor time."""
    (folder / "token").write_text("ev_bench\n")
    settings = {
        "microphone.backend": "silence",
        "speaker.backend": "null",
        "indicator.kind": "none",
        "link.token_file": folder / "token",
        "control.socket": folder / "control.sock",
        "control.state_dir": folder / "state",
    }
    command = [sys.executable, "-m", "edgevoice", "run"]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(60)
        began = time.perf_counter()
        environ = {"NOTIFY_SOCKET": str(folder / "notify"), "PATH": "/usr/bin:/bin"}
        with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as device:
            while manager.recv(4096) != b"READY=1":
                pass
            took = time.perf_counter() - began
            ticks = Path(f"/proc/{device.pid}/stat").read_text().rpartition(")")[2].split()
            device.terminate()
    return took, (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def imports(module: str) -> Counter[str]:
    """Milliseconds spent in the modules of each package, without what they import."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    spent: Counter[str] = Counter()
    for own_us, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", told, re.M):
        spent[name.partition(".")[0]] += int(own_us) / 1000
    return spent


def show_imports(module: str) -> None:
    spent = imports(module)
    print(f"imports of {module}: {sum(spent.values()):.0f} ms, the most in")
    for package, took in spent.most_common(TOP):
        print(f"  {package:<24}{took:7.0f} ms")


def help_ms() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "edgevoice", "--help"], check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    took = []
    for _ in range(runs + 1):  # the first one compiles the bytecode
        with tempfile.TemporaryDirectory() as folder:
            took.append(started(Path(folder)))
    ready_s, worked_s = (statistics.median(column) for column in zip(*took[1:], strict=True))
    print(f"exec to READY: {ready_s:.2f} s, budget {READY_BUDGET_S} s (processor {worked_s:.2f} s)")
    show_imports("edgevoice.daemon.program")
    helped_ms = statistics.median(help_ms() for _ in range(runs))
    print(f"edgevoice --help: {helped_ms:.0f} ms, budget {HELP_BUDGET_MS} ms")
    return ready_s > READY_BUDGET_S or helped_ms > HELP_BUDGET_MS


if __name__ == "__main__":
    sys.exit(main())
