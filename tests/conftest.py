"""What holds for every test."""

from pathlib import Path

import pytest
from hypothesis import settings

# A deadline would measure how busy the machine is.
settings.register_profile("edgevoice", deadline=None)
settings.load_profile("edgevoice")

HERE = Path(__file__).parent
REAL = {"e2e", "root", "systemd"}
"""Marks of what works with processes, sockets and clocks that are real."""
PATIENT = {"conformance", "doctor", "relay"}
"""Folders whose real processes only answer: it does not matter how busy the machine is."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Who keeps time with a real clock has at most one beside it, see `scripts/test`."""
    is_real = not REAL.isdisjoint(mark.name for mark in item.iter_markers())
    if is_real and item.path.relative_to(HERE).parts[0] not in PATIENT:
        item.add_marker("real_time")
