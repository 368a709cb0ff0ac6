"""Inside each unit's sandbox what the program needs works, and nothing else does."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.systemd.guest import Guest

pytestmark = [pytest.mark.systemd, pytest.mark.root, pytest.mark.slow]

PROBE = Path(__file__).with_name("probe.py")
DROP_IN = """\
[Service]
ExecStart=
ExecStart=/opt/edgevoice/bin/python /opt/probe.py
WatchdogSec=2
StartLimitBurst=99
"""


def probed(guest: Guest, unit: str, *, token: str = "ev_device\n") -> dict[str, Any]:
    """What the probe found as this unit."""
    guest.write("/opt/probe.py", PROBE.read_text())
    guest.write("/etc/edgevoice/token", token, mode=0o600)
    guest.write("/etc/edgevoice/device.key", "ev_key\n", mode=0o600)
    if not token:
        guest.said("rm /etc/edgevoice/token")
    folder = f"/run/systemd/system/{unit}.service.d"
    guest.said(f"mkdir -p {folder} && cat > {folder}/probe.conf <<'END'\n{DROP_IN}END")
    guest.said("systemctl daemon-reload")
    try:
        started = guest.run(f"systemctl start {unit}")
        assert started.returncode == 0, started.stderr + guest.log_of(unit)
        assert guest.shown(unit, "StatusText") == "probed"
        guest.said(f"systemctl stop {unit}")
        assert guest.shown(unit, "Result") == "success"
        found: dict[str, Any] = json.loads(guest.said(f"cat /var/lib/{unit}/found.json"))
        return found
    finally:
        guest.said(f"rm -r {folder} /etc/edgevoice/device.key && systemctl daemon-reload")


@pytest.mark.parametrize("unit", ["edgevoice", "edgevoice-relay"])
def test_what_the_program_needs_works(guest: Guest, unit: str) -> None:
    found = probed(guest, unit)
    needed = ("callbacks", "packages", "certificate", "datagrams", "state", "processors")
    assert {name: found[name] for name in needed} == {
        "callbacks": "2",
        "packages": "1.16.0 CPUExecutionProvider",
        "certificate": "True",
        "datagrams": "bound",
        "state": "1",
        "processors": "True",
    }
    assert found["configuration"] == "microphone"
    assert found["null device"] == "1"
    assert found["environ"]["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.mark.parametrize("unit", ["edgevoice", "edgevoice-relay"])
def test_nothing_else_does(guest: Guest, unit: str) -> None:
    found = probed(guest, unit)
    assert found["capabilities"] == "0" * 16
    refused = (
        "token file",
        "memory device",
        "home",
        "write configuration",
        "write program",
        "write state of others",
        "write run",
        "raw packets",
        "other processes",
        "real time",
    )
    errors = ("PermissionError", "OSError", "FileNotFoundError")
    assert {name: found[name] for name in refused if found[name] not in errors} == {}


def test_the_device_has_its_groups_and_its_token_and_no_other_file(guest: Guest) -> None:
    found = probed(guest, "edgevoice")
    hardware = {"audio", "gpio", "spi", "i2c", "input", "plugdev"}
    names = {"edgevoice", "edgevoice-relay"} | hardware
    numbers = {int(guest.said(f"getent group {name}").split(":")[2]) for name in names}
    assert set(found["groups"]) == numbers
    assert found["user"] == int(guest.said("id -u edgevoice"))
    assert found["credential"] == "ev_device"
    assert found["key credential"] == "ev_key"
    assert found["tokens file"] == "PermissionError"
    assert found["environ"]["LG_WD"] == "/run/edgevoice"


def test_the_relay_reads_its_tokens_and_has_no_token(guest: Guest) -> None:
    words = "relay token kitchen"
    token = guest.said(f"/opt/edgevoice/bin/edgevoice {words} 2>/dev/null")
    try:
        found = probed(guest, "edgevoice-relay")
        assert token.startswith("ev_")
        assert found["tokens file"] == "read"
        assert found["credential"] == "FileNotFoundError"
    finally:
        guest.said(f"/opt/edgevoice/bin/edgevoice {words} --revoke")


def test_a_device_without_a_token_starts_so_that_it_can_say_so(guest: Guest) -> None:
    assert probed(guest, "edgevoice", token="")["credential"] == ""
