"""The installed services, running for as long as a test wants them."""

import json
import os
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.systemd.guest import Guest

COMMAND = "/opt/edgevoice/bin/edgevoice"
# Sooner than in the units, so that the tests see it being fed several times.
WATCHED = "[Service]\nWatchdogSec=2\nStartLimitBurst=99\nRestartSec=100ms\n"
STOP_S = 10.0
"""TimeoutStopSec of the units."""
EXTRA = "/etc/edgevoice/config.d/90-test.yaml"


def hurry(guest: Guest, unit: str, more: str = "") -> None:
    """It is watched and started again sooner than an owner would want."""
    guest.write(f"/etc/systemd/system/{unit}.service.d/watched.conf", WATCHED + more)
    guest.said(f"systemctl daemon-reload; systemctl reset-failed {unit} || true")


@contextmanager
def running(guest: Guest, unit: str, more: str = "") -> Iterator[None]:
    """The unit started, which means that it said READY; stopped in good order afterwards."""
    hurry(guest, unit, more)
    started = guest.run(f"systemctl start {unit}", timeout_s=130)
    if started.returncode != 0:
        guest.run(f"systemctl stop {unit}")  # or it is tried again during the next test
        pytest.fail(started.stderr + guest.log_of(unit))
    try:
        yield
    finally:
        began = time.monotonic()
        guest.said(f"systemctl stop {unit}")
        took = time.monotonic() - began
    assert guest.shown(unit, "Result") == "success", guest.log_of(unit)
    assert took < STOP_S


@contextmanager
def configured(guest: Guest, text: str) -> Iterator[None]:
    """With this besides the configuration of all tests."""
    guest.write(EXTRA, text)
    try:
        yield
    finally:
        guest.said(f"rm {EXTRA}")


@contextmanager
def memory_limit(guest: Guest, unit: str, limit: int) -> Iterator[None]:
    """The unit's own, where the guest's systemd has no say about memory (cgroup v1)."""
    controller = Path("/sys/fs/cgroup/memory")
    if not controller.is_dir():
        yield
        return
    group = controller / f"edgevoice-{os.getpid()}-{unit}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(limit))
        for process in guest.processes_of(unit):
            (group / "cgroup.procs").write_text(str(process))
        yield
    finally:
        group.rmdir()


def status(guest: Guest) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(guest.said(f"{COMMAND} status --json"))
    return told


def until(guest: Guest, condition: str, within_s: int = 20) -> None:
    """Until a command of the guest's shell succeeds."""
    loop = shlex.quote(f"until {condition}; do sleep 0.1; done")
    done = guest.run(f"timeout {within_s} sh -c {loop}")
    assert done.returncode == 0, condition + "\n" + guest.log_of("edgevoice")


def logged(guest: Guest, text: str, unit: str = "edgevoice") -> None:
    """It is in the log, or will be in a moment: the journal takes its time."""
    until(guest, f"journalctl -u {unit} -o cat --no-pager | grep -qF '{text}'")


def entries(guest: Guest, match: str) -> list[dict[str, Any]]:
    """What `journalctl -u edgevoice` finds for a field."""
    lines = guest.said(f"journalctl -u edgevoice {match} -o json --no-pager").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
