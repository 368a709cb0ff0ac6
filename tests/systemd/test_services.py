"""The installed services themselves: ready, watched, told apart, stopped in time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.systemd.conftest import CONFIG
from tests.systemd.guest import Guest

pytestmark = [pytest.mark.systemd, pytest.mark.root, pytest.mark.slow, pytest.mark.models]

COMMAND = "/opt/edgevoice/bin/edgevoice"
# Sooner than in the units, so that the tests see it being fed several times.
WATCHED = "[Service]\nWatchdogSec=2\nStartLimitBurst=99\n"
STOP_S = 5.0


@contextmanager
def running(guest: Guest, unit: str) -> Iterator[None]:
    """The unit started, which means that it said READY; stopped in good order afterwards."""
    guest.write(f"/etc/systemd/system/{unit}.service.d/watched.conf", WATCHED)
    guest.said(f"systemctl daemon-reload; systemctl reset-failed {unit} || true")
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


@pytest.fixture
def token(guest: Guest) -> Iterator[None]:
    """A device that the relay knows."""
    made = guest.said(f"{COMMAND} relay token board 2>/dev/null")
    guest.write("/etc/edgevoice/token", made + "\n", mode=0o600)
    yield
    guest.said(f"{COMMAND} relay token board --revoke; rm /etc/edgevoice/token")


def stays_alive(guest: Guest, unit: str) -> None:
    """Longer than the watchdog waits."""
    guest.run("sleep 4")
    assert guest.shown(unit, "ActiveState") == "active", guest.log_of(unit)
    assert guest.shown(unit, "NRestarts") == "0", guest.log_of(unit)


@pytest.mark.usefixtures("token")
def test_the_relay_is_ready_listens_and_stops(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"):
        assert guest.shown("edgevoice-relay", "StatusText")
        assert "127.0.0.1:8790" in guest.said("ss -Hltn")
        stays_alive(guest, "edgevoice-relay")
    assert "Traceback" not in guest.log_of("edgevoice-relay")


@pytest.mark.usefixtures("token")
def test_the_owner_looks_into_what_the_relay_keeps_and_leaves_it_the_relays(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"):
        assert "NAME" in guest.said(f"{COMMAND} relay devices list")
        kept = guest.said("stat -c '%n %a %U' /var/lib/edgevoice-relay/*").splitlines()
        assert "/var/lib/edgevoice-relay/relay.sqlite 600 edgevoice-relay" in kept
        assert {line.split()[-1] for line in kept} == {"edgevoice-relay"}


@pytest.mark.usefixtures("token")
def test_the_device_is_ready_answers_its_owner_and_stops(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"), running(guest, "edgevoice"):
        assert guest.shown("edgevoice", "StatusText")
        told = json.loads(guest.said(f"{COMMAND} status --json"))
        assert told["state"] == "idle"
        assert guest.said("stat -c '%a %U' /run/edgevoice/control.sock") == "660 edgevoice"
        assert "edgevoice" not in guest.said("ss -Hltnp | grep -v 8790 || true")
        stays_alive(guest, "edgevoice")
    assert "Traceback" not in guest.log_of("edgevoice")


@pytest.mark.usefixtures("token")
def test_mute_outlives_the_service(guest: Guest) -> None:
    with running(guest, "edgevoice"):
        guest.said(f"{COMMAND} mute")
    with running(guest, "edgevoice"):
        assert json.loads(guest.said(f"{COMMAND} status --json"))["muted"] is True
        guest.said(f"{COMMAND} unmute")


@pytest.mark.usefixtures("token")
def test_what_is_remembered_outlives_a_restart_and_not_a_stop(guest: Guest) -> None:
    with running(guest, "edgevoice"):
        guest.said("echo x > /run/edgevoice/probe; systemctl restart edgevoice")
        guest.said("test -e /run/edgevoice/probe")
    assert guest.run("test -e /run/edgevoice").returncode != 0


def test_the_device_may_read_the_card_of_its_boards_relay_and_nobody_else(guest: Guest) -> None:
    card = "/run/edgevoice-relay/board.json"
    with running(guest, "edgevoice-relay"):
        assert '"token"' in guest.said(f"runuser -u edgevoice -- cat {card}")
        assert guest.run(f"runuser -u nobody -- cat {card}").returncode != 0
    assert guest.run(f"test -e {card}").returncode != 0


@pytest.mark.parametrize("unit", ["edgevoice", "edgevoice-relay"])
def test_a_wrong_configuration_is_told_once_and_not_tried_again(guest: Guest, unit: str) -> None:
    guest.write("/etc/edgevoice/config.yaml", "turn: {idle_s: never}\n")
    guest.run(f"systemctl reset-failed {unit}")  # the count of restarts, too
    try:
        assert guest.run(f"systemctl start {unit}").returncode != 0
        guest.run("sleep 3")  # longer than RestartSec
        assert guest.shown(unit, "ExecMainStatus") == "2"
        assert guest.shown(unit, "NRestarts") == "0"
        told = "edgevoice: /etc/edgevoice/config.yaml:1: turn.idle_s: must be a number, not never"
        assert told in guest.log_of(unit)
    finally:
        guest.write("/etc/edgevoice/config.yaml", CONFIG)
        guest.run(f"systemctl reset-failed {unit}")
