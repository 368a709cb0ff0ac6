"""How long `edgevoice --help` takes, from process start to exit."""

import statistics
import subprocess
import sys
import time

BUDGET_MS = 150
RUNS = 20


def once() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "edgevoice", "--help"], check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    once()  # compiles the bytecode
    took = sorted(once() for _ in range(RUNS))
    median = statistics.median(took)
    print(f"edgevoice --help: {median:.0f} ms (worst {took[-1]:.0f}), budget {BUDGET_MS} ms")
    return median > BUDGET_MS


if __name__ == "__main__":
    sys.exit(main())
