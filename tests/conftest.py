"""What holds for every test."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fault_report", "tests.failing_devices"]

# A deadline would measure how busy the machine is, and so does what finds examples slow to make.
BUSY = [HealthCheck.too_slow]
settings.register_profile("edgevoice", deadline=None, suppress_health_check=BUSY)
# For hours at a time, always with other examples: HYPOTHESIS_PROFILE=campaign.
settings.register_profile(
    "campaign", deadline=None, max_examples=10_000, stateful_step_count=80, print_blob=True
)
# For `scripts/test --fast`; the whole suite tries hypothesis's own hundred.
settings.register_profile("fast", deadline=None, suppress_health_check=BUSY, max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "edgevoice"))

HERE = Path(__file__).parent
REAL = {"e2e", "root", "systemd"}
"""Marks of what works with processes, sockets and clocks that are real."""
PATIENT = {"conformance", "doctor", "relay"}
"""Folders whose real processes only answer: it does not matter how busy the machine is."""


LONGEST_FIRST = ("systemd", "e2e")
"""Folders; else one worker has to wait for the other one's last file."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded stays: sweeping up after a test need not look at it, nor while it loads."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture
def few_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the system's bundle, whose hundred and more are read anew for each client."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(HERE).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=rank)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Who keeps time with a real clock has at most one beside it, see `scripts/test`."""
    is_real = not REAL.isdisjoint(mark.name for mark in item.iter_markers())
    if is_real and item.path.relative_to(HERE).parts[0] not in PATIENT:
        item.add_marker("real_time")
