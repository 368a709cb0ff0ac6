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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who keeps time with a real clock runs alone; a file whose tests share a process, together."""
    for item in items:
        if REAL.isdisjoint(mark.name for mark in item.iter_markers()):
            continue
        place = item.path.relative_to(HERE)
        if place.parts[0] in PATIENT:
            item.add_marker(pytest.mark.xdist_group(str(place)))
        else:
            item.add_marker("alone")
