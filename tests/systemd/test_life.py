"""What happens to a board over the years: reloads, crashes, hangs, power cuts, in mid-sentence."""

import json
import time

import pytest

from tests.fault_report import Measured
from tests.recordings import recording
from tests.systemd.guest import CHECKOUT, Guest
from tests.systemd.running import (
    COMMAND,
    EXTRA,
    configured,
    entries,
    logged,
    memory_limit,
    running,
    status,
    until,
)

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.models,
    pytest.mark.usefixtures("token"),
]

PAUSE = " (with a pause of 0.1 s between; 2 s in the unit)"
GOOD = "turn: {follow_up_s: 0.5}\n"
BAD = "turn:\n  idle_s: never\n"
HEARS = "microphone: {backend: wav, device: /opt/question.wav}\n" + GOOD
SETTINGS, MUTED = "/var/lib/edgevoice/settings.json", '"muted": true'
SABOTAGED = "ExecStart=\nExecStart=/opt/edgevoice/bin/python /opt/saboteur.py\n"


def restarted(guest: Guest, process: str) -> float:
    """By systemd, and ready again; after how many seconds."""
    began = time.monotonic()
    until(guest, "[ $(systemctl show edgevoice -p NRestarts --value) -ge 1 ]")
    until(guest, "[ $(systemctl show edgevoice -p ActiveState --value) = active ]")
    assert guest.shown("edgevoice", "MainPID") != process
    took = time.monotonic() - began
    assert status(guest)["state"] in ("idle", "muted")
    return took


@pytest.mark.fault("bad-reload")
def test_a_reload_applies_or_says_why_not_and_never_restarts(
    guest: Guest, measured: Measured
) -> None:
    with running(guest, "edgevoice"):
        process = guest.shown("edgevoice", "MainPID")
        with configured(guest, GOOD):
            guest.said("systemctl reload edgevoice")
            logged(guest, "reloaded: turn.follow_up_s (deaf for")
            guest.write(EXTRA, BAD)
            assert guest.run("systemctl reload edgevoice").returncode != 0
            asked = guest.run(f"{COMMAND} reload")
            mistake = f"{EXTRA}:2: turn.idle_s: must be a number, not never"
            assert asked.returncode == 1 and mistake in asked.stderr
            assert mistake in guest.shown("edgevoice", "StatusText")
            logged(guest, mistake)
            assert guest.shown("edgevoice", "ActiveState") == "active"
        guest.said(f"systemctl kill -s HUP --kill-who=main edgevoice; {COMMAND} reload")
        assert guest.shown("edgevoice", "StatusText").startswith("idle since")
        assert guest.shown("edgevoice", "MainPID") == process
        assert guest.shown("edgevoice", "NRestarts") == "0"
    measured("refused with file and line, in the status too; the same process went on")


def test_a_spoken_question_is_found_by_its_turn_and_stopped_in_the_middle(guest: Guest) -> None:
    guest.write("/opt/question.wav", "")
    (guest.root / "opt/question.wav").write_bytes(recording("alexa_what_time_is_it").read_bytes())
    with configured(guest, HEARS), running(guest, "edgevoice-relay"):
        with running(guest, "edgevoice"):
            until(guest, "journalctl -u edgevoice TURN=1 EVENT=turn -q -o cat | grep -q answered")
            head = next(line for line in entries(guest, "TURN=1") if line.get("EVENT") == "turn")
            assert head["EDGEVOICE_OUTCOME"] == "answered" and int(head["EDGEVOICE_LATENCY_MS"])
            assert head["SESSION"].startswith("rtc_")
            assert len(entries(guest, "TURN=1")) > 5
            assert "last turn answered after" in guest.shown("edgevoice", "StatusText")
            guest.write(EXTRA, HEARS + "sounds: {chime: false}\n")
            guest.said("systemctl reload edgevoice")  # whose new microphone plays it once more
            until(guest, f"{COMMAND} status | grep -q -e thinking -e speaking")
        log = guest.said("cat /var/lib/edgevoice/privacy.log").splitlines()
        left = [entry for entry in map(json.loads, log) if "from" in entry]
        assert {entry["why"] for entry in left} == {"alexa"}
        assert len(left) == 2 and "8790" in left[-1]["to"]
    assert "Traceback" not in guest.log_of("edgevoice")


@pytest.mark.fault("kill-9")
def test_killed_it_comes_back_as_muted_as_it_was(guest: Guest, measured: Measured) -> None:
    with running(guest, "edgevoice"):
        guest.said(f"{COMMAND} mute")
        until(guest, f"grep -q '{MUTED}' {SETTINGS}")  # a card takes its time
        process = guest.shown("edgevoice", "MainPID")
        guest.said("systemctl kill -s KILL edgevoice")
        took = restarted(guest, process)
        told = status(guest)
        assert told["muted"] is True and told["captured_s"] == 0
        guest.said(f"{COMMAND} unmute")
    measured(f"ready again, and muted, after {took:.1f} s{PAUSE}")


@pytest.mark.fault("hang")
@pytest.mark.parametrize("signal", ["USR1", "USR2"], ids=["hung loop", "silent microphone"])
def test_hung_it_is_killed_and_comes_back(guest: Guest, signal: str, measured: Measured) -> None:
    saboteur = CHECKOUT / "tests/systemd/saboteur.py"
    guest.write("/opt/saboteur.py", saboteur.read_text())
    with running(guest, "edgevoice", SABOTAGED + "TimeoutAbortSec=1\n"):
        process = guest.shown("edgevoice", "MainPID")
        guest.said(f"systemctl kill -s {signal} --kill-who=main edgevoice")
        took = restarted(guest, process)
    logged(guest, "Watchdog timeout")
    what = {"USR1": "hung loop", "USR2": "silent microphone"}[signal]
    measured(f"{what}: ready again after {took:.1f} s with a watchdog of 2 s (10 s in the unit)")


@pytest.mark.fault("memory-limit")
def test_out_of_memory_it_is_killed_and_comes_back(guest: Guest, measured: Measured) -> None:
    saboteur = CHECKOUT / "tests/systemd/saboteur.py"
    guest.write("/opt/saboteur.py", saboteur.read_text())
    with running(guest, "edgevoice", SABOTAGED):
        process = guest.shown("edgevoice", "MainPID")
        with memory_limit(guest, "edgevoice", 320 << 20):
            guest.said("systemctl kill -s WINCH --kill-who=main edgevoice")
            took = restarted(guest, process)
    logged(guest, "status=9/KILL")
    measured(f"killed at 320 MB and ready again after {took:.1f} s{PAUSE}")


def test_models_that_load_for_longer_than_the_watchdog_waits_do_no_harm(guest: Guest) -> None:
    saboteur = CHECKOUT / "tests/systemd/saboteur.py"
    guest.write("/opt/saboteur.py", saboteur.read_text())
    with configured(guest, ""), running(guest, "edgevoice", SABOTAGED):
        guest.write("/etc/edgevoice/slow", "")
        guest.write(EXTRA, GOOD)
        began = time.monotonic()
        guest.said("systemctl reload edgevoice")
        assert time.monotonic() - began > 4
        assert guest.shown("edgevoice", "NRestarts") == "0"
        guest.said("rm /etc/edgevoice/slow")


def test_started_before_the_network_it_notices_one_that_comes(guest: Guest) -> None:
    with configured(guest, "link: {url: 'https://192.0.2.1:8790'}\n"), running(guest, "edgevoice"):
        assert guest.said("ip -br addr").splitlines()[1:] == []
        guest.said(f"{COMMAND} wake")
        until(guest, "systemctl show edgevoice -p StatusText | grep -q out.of.reach")
        guest.said("ip link add v0 type veth peer name v1; ip link set v1 up; ip link set v0 up")
        guest.said("ip addr add 192.0.2.2/24 dev v0")
        try:
            logged(guest, "the network has changed")
        finally:
            guest.said("ip link del v0")


def test_members_of_its_group_may_ask_it_and_nobody_else(guest: Guest) -> None:
    guest.said("id anna 2>/dev/null || useradd -M -G edgevoice anna")
    with running(guest, "edgevoice"):
        assert "idle" in guest.said(f"runuser -u anna -- {COMMAND} status")
        stranger = guest.run(f"runuser -u nobody -- {COMMAND} status")
        assert stranger.returncode == 1 and "join the group edgevoice" in stranger.stderr
        secret = "/run/credentials/edgevoice.service/token"
        for user in ("anna", "nobody"):
            assert guest.run(f"runuser -u {user} -- cat {secret}").returncode != 0
        assert guest.said(f"runuser -u edgevoice -- cat {secret}").startswith("ev_")


def test_mute_outlives_a_reboot(guest: Guest) -> None:
    guest.said("systemctl enable edgevoice")
    with running(guest, "edgevoice"):
        guest.said(f"{COMMAND} mute")
    guest.power_off()
    guest.boot()
    try:
        until(guest, "[ $(systemctl show edgevoice -p ActiveState --value) = active ]")
        told = status(guest)
        assert told["muted"] is True and told["captured_s"] == 0
        assert guest.shown("edgevoice", "StatusText").startswith("muted since")
        guest.said(f"{COMMAND} unmute")
    finally:
        guest.said("systemctl stop edgevoice; systemctl disable edgevoice")
