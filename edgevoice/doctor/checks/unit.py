"""The services: installed, enabled, well, and as locked up as they were made."""

import re
from collections.abc import Iterator, Mapping

from edgevoice.doctor.finding import Finding
from edgevoice.doctor.machine import Machine

PROPERTIES = (
    "LoadState", "UnitFileState", "ActiveState", "SubState", "Result", "NRestarts", "MainPID",
    "MemoryCurrent", "MemoryMax", "DropInPaths", "FragmentPath", "StatusText", "User",
)  # fmt: skip
DEVICE, RELAY = "edgevoice", "edgevoice-relay"
MOST_EXPOSED = {DEVICE: 2.0, RELAY: 1.5}
MANY_RESTARTS = 3
NEARLY_ALL = 0.85

_WEAKER = re.compile(
    r"^\s*(User=root|(Protect\w+|Private\w+|Restrict\w+|NoNewPrivileges|LockPersonality)=(no|false)"
    r"|DevicePolicy=auto|SystemCallFilter=\s*$|CapabilityBoundingSet=\s*(~|CAP_).*"
    r"|AmbientCapabilities=\s*CAP_.*|MemoryMax=infinity)",
    re.MULTILINE,
)


def unit(machine: Machine, name: str = DEVICE) -> Iterator[Finding]:
    """Says in one line where there is no systemd, or nothing of ours in it."""
    shown = properties(machine, name)
    if shown is None:
        yield Finding("ok", "service", "no systemd here: it is started by hand")
        return
    if shown.get("LoadState") != "loaded":
        todo = f"sudo scripts/install; or by hand: {name.replace('-', ' ')}"
        yield Finding("warn", "service", f"{name} is not installed", todo)
        return
    yield _active(name, shown)
    yield from _restarts(name, shown)
    yield from _memory(name, shown)
    yield from _weakened(machine, name, shown)


def properties(machine: Machine, name: str) -> dict[str, str] | None:
    """What the service manager says of a unit; None where there is none to ask."""
    told = machine.run("systemctl", "show", name, "-p", ",".join(PROPERTIES))
    if told is None or told.status or "=" not in told.text:
        return None
    return dict(line.split("=", 1) for line in told.text.splitlines() if "=" in line)


def main_pid(machine: Machine, name: str) -> int | None:
    pid = (properties(machine, name) or {}).get("MainPID", "")
    return int(pid) if pid.isdecimal() and int(pid) else None


def _active(name: str, shown: Mapping[str, str]) -> Finding:
    state, sub = shown.get("ActiveState", ""), shown.get("SubState", "")
    why = f"journalctl -u {name} -n 30 says why"
    if state == "failed":
        text = f"{name} has failed ({shown.get('Result', 'unknown')})"
        return Finding("fail", "service", text, f"{why}; then: sudo systemctl restart {name}")
    if state == "activating" and sub == "auto-restart":
        text = f"{name} ends again and again ({shown.get('Result', 'unknown')})"
        return Finding("fail", "service", text, f"{why}; then: sudo systemctl restart {name}")
    if state != "active":
        return Finding("warn", "service", f"{name} is {state}", f"sudo systemctl start {name}")
    if shown.get("UnitFileState") not in ("enabled", "enabled-runtime", "static"):
        text = f"{name} runs, and will not be started with the board"
        return Finding("warn", "service", text, f"sudo systemctl enable {name}")
    return Finding("ok", "service", f"{name} is enabled and runs")


def _restarts(name: str, shown: Mapping[str, str]) -> Iterator[Finding]:
    restarts = _number(shown.get("NRestarts"))
    if restarts >= MANY_RESTARTS:
        text = f"{name} was restarted {restarts} times by itself"
        yield Finding("warn", "restarts", text, f"journalctl -u {name} -p warning -n 50")


def _memory(name: str, shown: Mapping[str, str]) -> Iterator[Finding]:
    used, most = _number(shown.get("MemoryCurrent")), _number(shown.get("MemoryMax"))
    if not used or not most:
        return  # not counted here, or no limit
    text = f"{used / 1e6:.0f} of {most / 1e6:.0f} MB that {name} may use"
    if used > NEARLY_ALL * most:
        yield Finding("warn", "service memory", text, f"sudo systemctl restart {name}")
    else:
        yield Finding("ok", "service memory", text)


def _number(text: str | None) -> int:
    """0 for `[not set]`, `infinity`, and for what stands for it: 2^64-1."""
    number = int(text) if text and text.isdecimal() else 0
    return number if number < 1 << 62 else 0


def _weakened(machine: Machine, name: str, shown: Mapping[str, str]) -> Iterator[Finding]:
    for path in shown.get("DropInPaths", "").split():
        found = [match[1].strip() for match in _WEAKER.finditer(machine.text(path))]
        if found:
            text = f"{path} takes protection away: {', '.join(found)}"
            yield Finding("warn", "service", text, f"sudo systemctl revert {name}, or edit {path}")


def sandbox(machine: Machine, name: str = DEVICE) -> Iterator[Finding]:
    """How exposed it is by systemd's own count, where that can be asked."""
    told = machine.run("systemd-analyze", "security", "--no-pager", f"{name}.service")
    match = re.search(r"exposure level for \S+: ([\d.]+)", told.text) if told else None
    if match is None:
        return
    score, most = float(match[1]), MOST_EXPOSED[name]
    text = f"{name} is exposed {score} of 10 (at most {most} is meant)"
    if score > most:
        todo = f"systemctl cat {name} shows what was changed; sudo systemctl revert {name}"
        yield Finding("warn", "sandbox", text, todo)
    else:
        yield Finding("ok", "sandbox", text)
