"""scripts/install in a booted machine: again, newer, broken, back, and away."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.systemd.conftest import CONFIG
from tests.systemd.guest import CLONE, Guest
from tests.systemd.running import COMMAND, WATCHED, status

pytestmark = [pytest.mark.systemd, pytest.mark.root, pytest.mark.slow, pytest.mark.models]

UNITS = ("edgevoice-relay", "edgevoice")
NEWER = "9.9.9"


def install(guest: Guest, options: str = "", *, clone: str = CLONE) -> tuple[int, str]:
    """Exit status, and what it said. The guest has no network: nothing may be fetched."""
    cache = os.environ.get("UV_CACHE_DIR", os.path.expanduser("~/.cache/uv"))
    environ = f"UV_CACHE_DIR={cache} EDGEVOICE_STEADY_S=2"
    done = guest.run(f"exec 2>&1; {environ} {clone}/scripts/install {options}", timeout_s=120)
    return done.returncode, done.stdout


def version(guest: Guest) -> str:
    return guest.said("basename $(readlink /opt/edgevoice)")


def kept(guest: Guest) -> set[str]:
    """The versions that are there."""
    return set(guest.said("ls /opt/edgevoice.d").split()) - {"cache", "before"}


def places(guest: Guest) -> str:
    """All files in the system's own folders, with the time of their last change."""
    found = "find /etc /usr/local /opt/edgevoice.d -xdev ! -name .pwd.lock"
    return guest.said(rf"{found} ! -name __pycache__ -printf '%p %T@\n' | sort")


@contextmanager
def newer(guest: Guest, broken: str = "") -> Iterator[str]:
    """Another clone, of a version to come; `broken` spoils it."""
    clone = "/root/newer"
    guest.said(f"cp -r {CLONE} {clone}")
    guest.said(
        f"""sed -i 's/^__version__ = .*/__version__ = "{NEWER}"/' {clone}/edgevoice/__init__.py"""
    )
    if broken:
        guest.said(f"cd {clone}/edgevoice && {broken}")
    try:
        yield clone
    finally:
        guest.said(f"rm -r {clone}")


@pytest.fixture
def running(guest: Guest) -> Iterator[str]:
    """The services of the version that is installed run; its name."""
    guest.write("/etc/edgevoice/config.yaml", CONFIG)
    for unit in UNITS:
        guest.write(f"/etc/systemd/system/{unit}.service.d/watched.conf", WATCHED)
    guest.said(f"systemctl daemon-reload; systemctl start {' '.join(UNITS)}")
    yield version(guest)
    guest.run(f"systemctl stop {' '.join(UNITS)}")


@pytest.mark.usefixtures("running")
def test_a_second_run_changes_nothing_and_says_so_at_once(guest: Guest) -> None:
    before, began = places(guest), time.monotonic()
    code, told = install(guest)
    took = time.monotonic() - began
    assert (code, told.count("\n")) == (0, 1)
    assert "nothing to do" in told
    assert places(guest) == before
    assert took < 5  # 1 s where nothing else runs


def test_a_dry_run_says_what_it_would_do_and_does_not(guest: Guest) -> None:
    before = places(guest)
    code, told = install(guest, "--dry-run --relay none")
    assert code == 0, told
    assert "would do: edgevoice " in told
    assert "nothing was changed" in told
    assert "edgevoice-relay" in guest.said("ls /etc/systemd/system")
    assert places(guest) == before


def test_a_newer_version_keeps_what_is_the_owners_and_can_be_taken_back(
    guest: Guest, running: str
) -> None:
    guest.write("/etc/edgevoice/token", "ev_mine\n", mode=0o600)
    guest.said(f"{COMMAND} mute")
    # The power failed in the middle of the one before.
    guest.said("mkdir -p /opt/edgevoice.d/9.9.8-00000000; ln -s nowhere /opt/edgevoice.d/next")
    with newer(guest) as clone:
        code, told = install(guest, clone=clone)
        assert code == 0, told
        assert version(guest).startswith(f"{NEWER}-")
        assert (status(guest)["version"], status(guest)["muted"]) == (NEWER, True)
        assert guest.said("cat /etc/edgevoice/token") == "ev_mine"
        assert guest.said("cat /etc/edgevoice/config.yaml") == CONFIG.strip()
        assert kept(guest) == {running, version(guest)}
        code, told = install(guest, "--rollback", clone=clone)
        assert code == 0, told
    assert version(guest) == running
    assert status(guest)["muted"] is True
    guest.said(f"{COMMAND} unmute; rm /etc/edgevoice/token")


def test_one_that_fails_its_self_test_never_runs(guest: Guest, running: str) -> None:
    pid, before = guest.shown("edgevoice", "MainPID"), kept(guest)
    with newer(guest, "echo 'raise ImportError(\"on purpose\")' >> daemon/app.py") as clone:
        code, told = install(guest, clone=clone)
    assert code == 1
    assert "FAILED device: on purpose" in told
    assert f"edgevoice {running} goes on" in told
    assert (version(guest), guest.shown("edgevoice", "MainPID")) == (running, pid)
    assert kept(guest) == before


def test_one_that_does_not_come_up_is_taken_back(guest: Guest, running: str) -> None:
    before = kept(guest)
    spoiled = "sed -i 's/^def run_device.*/&\\n    raise SystemExit(7)/' cli.py"
    with newer(guest, spoiled) as clone:
        code, told = install(guest, clone=clone)
    assert code == 1
    assert re.search(r"exit-code, status 7|status=7", told)  # systemd may have tried it again
    assert f"edgevoice {running} goes on as before" in told
    assert version(guest) == running
    assert guest.shown("edgevoice", "ActiveState") == "active"
    assert kept(guest) == before


@pytest.mark.usefixtures("running")
def test_taken_away_nothing_is_left_but_what_is_the_owners(guest: Guest) -> None:
    guest.said("cp -al /opt/edgevoice.d /root/kept && cp -a /opt/edgevoice /root/kept.link")
    try:
        code, told = install(guest, "--uninstall")
        assert code == 0, told
        assert "kept: /etc/edgevoice" in told
        ours = guest.said("find / -xdev -path /proc -prune -o -name '*edgevoice*' -print")
        elsewhere = ("/root/", "/var/log/", "/tmp/", "/sys/", str(CLONE))
        left = {line for line in ours.splitlines() if not line.startswith(elsewhere)}
        states = {"/etc/edgevoice", "/var/lib/edgevoice", "/var/lib/edgevoice-relay"}
        assert {path for path in left if "edgevoice.service.d" not in path} >= states
        assert {path for path in left if path.startswith(("/opt", "/usr", "/run"))} == set()
        assert "nothing was removed" in install(guest, "--uninstall --purge")[1]
        code, told = install(guest, "--uninstall --purge --yes")
        assert code == 0, told
        assert guest.run("ls -d /etc/edgevoice /var/lib/edgevoice*").stdout == ""
        assert guest.run("id edgevoice; id edgevoice-relay").stdout == ""
    finally:
        guest.said("cp -al /root/kept /opt/edgevoice.d && cp -a /root/kept.link /opt/edgevoice")
        code, told = install(guest, "--relay here")
        guest.said("rm -r /root/kept /root/kept.link")
        guest.run(f"systemctl disable --now {' '.join(UNITS)}")
        guest.write("/etc/edgevoice/config.yaml", CONFIG)
        assert code == 0, told
