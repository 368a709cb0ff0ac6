"""What systemd is told, read back from a socket of our own."""

import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice.errors import ConfigError
from edgevoice.hardware.system import service_manager
from edgevoice.hardware.system.service_manager import (
    ServiceManager,
    failing_aloud,
    watchdog_interval_s,
)


class Listener:
    """The service manager's end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1))
        self.socket.settimeout(1)

    def heard(self) -> str:
        return self.socket.recv(4096).decode()


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    name = f"@edgevoice-test-{os.getpid()}" if request.param == "abstract" else None
    listener = Listener(name or os.path.relpath(tmp_path / "notify"))
    yield listener
    listener.socket.close()


def test_the_four_messages(systemd: Listener) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": systemd.address})
    manager.ready()
    manager.status("listening")
    manager.watchdog()
    manager.stopping()
    said = [systemd.heard() for _ in range(4)]
    assert said == ["READY=1", "STATUS=listening", "WATCHDOG=1", "STOPPING=1"]


def test_a_reload_says_when_it_began_by_the_clock_that_is_asked_for(systemd: Listener) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": systemd.address})
    before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
    manager.reloading()
    sign, _, began = systemd.heard().partition("\nMONOTONIC_USEC=")
    assert sign == "RELOADING=1" and 0 <= int(began) - before_us < 60e6
    manager.extend_start(1.5)
    assert systemd.heard() == "EXTEND_TIMEOUT_USEC=1500000"


def test_why_it_ends_is_in_its_status_unless_it_is_a_bug(systemd: Listener) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": systemd.address})
    with pytest.raises(ExceptionGroup), failing_aloud(manager):
        raise ExceptionGroup("tasks", [ConfigError("config.yaml:3: board")])
    assert systemd.heard() == "STATUS=failed: config.yaml:3: board"
    with pytest.raises(ExceptionGroup), failing_aloud(manager):
        raise ExceptionGroup("tasks", [ConfigError("x"), ZeroDivisionError()])
    manager.ready()
    assert systemd.heard() == "READY=1"


def test_a_status_cannot_smuggle_in_another_message(systemd: Listener) -> None:
    ServiceManager({"NOTIFY_SOCKET": systemd.address}).status("bad\nMAINPID=1\n")
    assert systemd.heard() == "STATUS=bad MAINPID=1"


def test_without_a_service_manager_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    manager = ServiceManager({})
    manager.ready()
    assert manager.watchdog_interval_s is None
    assert not caplog.records


def test_one_that_went_away_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid())}, 1.0),
        ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_s_interval_is_half_of_what_is_allowed(
    environ: dict[str, str], interval_s: float | None
) -> None:
    assert watchdog_interval_s(environ) == interval_s


def test_the_folder_systemd_of_a_checkout_is_not_taken_for_the_library() -> None:
    """Run from the repository, `import systemd` succeeds and means nothing."""
    library = service_manager._systemd_python()
    assert library is None or callable(library)
