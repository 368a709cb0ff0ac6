"""The doctor on a real system: what it says of services that run, and to whom."""

import json
from typing import Any

import pytest

from tests.systemd.guest import Guest
from tests.systemd.running import COMMAND, running

pytestmark = [pytest.mark.systemd, pytest.mark.root, pytest.mark.slow, pytest.mark.models]


def doctor(guest: Guest, words: str, by: str = "") -> dict[str, dict[str, Any]]:
    """What it found, by name."""
    said = guest.run(f"{by} {COMMAND} doctor {words} --json").stdout
    text = said if isinstance(said, str) else said.decode()
    return {finding["name"]: finding for finding in json.loads(text)["findings"]}


@pytest.mark.usefixtures("token")
def test_services_that_run_are_well(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"), running(guest, "edgevoice"):
        found = doctor(guest, "unit privacy assistant network relay disk")
    failed = {name: one for name, one in found.items() if one["level"] == "fail"}
    assert not failed
    for name in ("sandbox", "assistant", "ports", "telemetry", "state", "relay", "relay login"):
        assert found[name]["level"] == "ok", found[name]
    assert found["relay media"]["level"] == found["relay here, store"]["level"] == "ok"
    assert found["relay here, sandbox"]["level"] == "ok"
    assert "will not be started with the board" in found["service"]["text"]


@pytest.mark.usefixtures("token")
def test_whoever_is_not_root_is_told_what_root_would_add(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"), running(guest, "edgevoice"):
        found = doctor(guest, "", by="runuser -u nobody --")
    assert found["relay"]["level"] == "ok"
    assert found["relay login"]["todo"].startswith("sudo edgevoice doctor network")
    assert "sudo edgevoice doctor" in found["relay here, store"]["text"]
    assert not [name for name, one in found.items() if "broke" in one["text"]]
    assert {name for name, one in found.items() if one["level"] == "fail"} == set()


def test_a_service_that_does_not_run(guest: Guest) -> None:
    assert doctor(guest, "unit")["service"]["todo"] == "sudo systemctl start edgevoice"


@pytest.mark.usefixtures("token")
def test_a_bundle_of_a_real_journal(guest: Guest) -> None:
    with running(guest, "edgevoice-relay"), running(guest, "edgevoice"):
        guest.said("rm -f /tmp/b.tar.gz")
        guest.run(f"{COMMAND} doctor unit --bundle /tmp/b.tar.gz --yes")
        text = guest.said("tar xzOf /tmp/b.tar.gz")
        token = guest.said("cat /etc/edgevoice/token")
    assert "listening on" in text and '"ActiveState": "active"' in text
    assert token not in text
