"""What the numbers were taken on."""

import os
import platform
from pathlib import Path


def machine() -> dict[str, str]:
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GB",
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _system(),
        "Python of edgevoice": platform.python_version(),
        "load when it began (1, 5, 15 min)": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }


def busy() -> str:
    """That something else has the machine, in words; empty when it is ours."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    return f"a load of {load:.1f} on {cores} cores when it began" if load > cores / 2 else ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    facts = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text().splitlines()
        if "=" in line
    )
    return facts.get("PRETTY_NAME", "Linux").strip('"')
