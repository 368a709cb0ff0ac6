"""The installed services themselves: ready, watched, told apart, stopped in time."""

import pytest

from tests.systemd.conftest import CONFIG
from tests.systemd.guest import Guest
from tests.systemd.running import (
    COMMAND,
    EXTRA,
    configured,
    hurry,
    logged,
    running,
    status,
    until,
)

pytestmark = [pytest.mark.systemd, pytest.mark.root, pytest.mark.slow, pytest.mark.models]


def stays_alive(guest: Guest, unit: str) -> None:
    """Longer than the watchdog waits."""
    guest.run("sleep 2.5")
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
def test_the_relay_takes_up_what_it_can_and_refuses_mistakes(guest: Guest) -> None:
    with configured(guest, ""), running(guest, "edgevoice-relay"):
        guest.write(EXTRA, "relay: {limits: {sessions: 3}, engine: local}\n")
        guest.said("systemctl reload edgevoice-relay")
        said = "reloaded: limits.sessions; a restart is needed for engine"
        until(guest, f"systemctl show edgevoice-relay -p StatusText | grep -qF '{said}'")
        guest.write(EXTRA, "relay: {limits: {sessions: none}}\n")
        assert guest.run("systemctl reload edgevoice-relay").returncode != 0
        logged(guest, f"{EXTRA}:1: relay.limits.sessions: must be a whole", "edgevoice-relay")
        assert guest.shown("edgevoice-relay", "NRestarts") == "0"


@pytest.mark.usefixtures("token")
def test_the_device_is_ready_answers_its_owner_and_stops(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"), running(guest, "edgevoice"):
        assert guest.shown("edgevoice", "StatusText")
        assert status(guest)["state"] == "idle"
        assert guest.said("stat -c '%a %U' /run/edgevoice/control.sock") == "660 edgevoice"
        assert "edgevoice" not in guest.said("ss -Hltnp | grep -v 8790 || true")
        stays_alive(guest, "edgevoice")
    assert "Traceback" not in guest.log_of("edgevoice")


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
    hurry(guest, unit)  # and the count of restarts begins anew
    try:
        assert guest.run(f"systemctl start {unit}").returncode != 0
        guest.run("sleep 1")  # longer than RestartSec
        assert guest.shown(unit, "ExecMainStatus") == "2"
        assert guest.shown(unit, "NRestarts") == "0"
        told = "/etc/edgevoice/config.yaml:1: turn.idle_s: must be a number, not never"
        assert f"edgevoice: {told}" in guest.log_of(unit)
        assert guest.shown(unit, "StatusText") == f"failed: {told}"
    finally:
        guest.write("/etc/edgevoice/config.yaml", CONFIG)
        guest.run(f"systemctl reset-failed {unit}")
