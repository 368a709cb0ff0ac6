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


TOGETHER = {"hardware": "sound", "test_sound.py": "sound", "systemd": "networks"} | dict.fromkeys(
    ("test_nothing_leaves.py", "test_bad_network.py", "test_network.py", "test_wide_area.py"),
    "networks",
)
"""Folders and files that use the same sound servers, or networks: a container that boots and
network namespaces move the same mounts."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Who keeps time with a real clock has at most one beside it (`scripts/test`); whoever
    shares something with others runs after them.

    Not later: pytest-xdist looks for its groups before anybody can change the whole list.
    """
    if REAL.isdisjoint(mark.name for mark in item.iter_markers()):
        return
    place = item.path.relative_to(HERE)
    shared = TOGETHER.get(place.name) or TOGETHER.get(place.parts[0]) or str(place)
    item.add_marker(pytest.mark.xdist_group(shared))
    if place.parts[0] not in PATIENT:
        item.add_marker("real_time")
