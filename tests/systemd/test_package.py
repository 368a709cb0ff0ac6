"""The Debian package: built, looked over, installed, run, removed and purged without a trace."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgevoice import __version__
from edgevoice.audio.models import search_path
from edgevoice.models import catalogue
from tests.systemd.conftest import CONFIG
from tests.systemd.guest import CHECKOUT, Guest, booted, copy_of_root, obstacle

pytestmark = [pytest.mark.systemd, pytest.mark.root, pytest.mark.slow, pytest.mark.models]

UNITS = ("edgevoice-relay", "edgevoice")
HOME, STATES = "/usr/lib/edgevoice", ("/var/lib/edgevoice", "/var/lib/edgevoice-relay")
# Systemd's and dpkg's own books change with every package.
BOOKS = (
    r"/etc/(group|gshadow|passwd|shadow)-?|/var/(lib/(dpkg|systemd|apt|PackageKit)|log|cache|tmp)"
)

DATE = 1_700_000_000


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    missing = obstacle() or ("" if shutil.which("lintian") else "needs lintian")
    if missing:
        assert os.environ.get("CI") != "true", f"CI has to build the package: {missing}"
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("deb")
    with building(folder) as running:
        said, _ = running.communicate()
    assert running.returncode == 0, said
    (made,) = folder.iterdir()
    return made


def building(into: Path, umask: int = 0o022) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [CHECKOUT / "scripts/build-deb", "--into", into],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(DATE)},
        umask=umask,
    )


@pytest.fixture(scope="module")
def again(
    package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Built a second time, later, elsewhere and with another umask, while the first is tried."""
    folder = tmp_path_factory.mktemp("deb-again") / "a/longer/way"
    with building(folder, umask=0o077) as running:
        yield folder, running
        running.kill()


@pytest.fixture(scope="module")
def lintian(package: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs while the package is installed elsewhere."""
    words = ["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0"]
    with subprocess.Popen([*words, package], stdout=subprocess.PIPE, text=True) as running:
        yield running


@pytest.fixture(scope="module")
def machine(
    package: Path, lintian: object, again: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guest]:
    """Booted, without edgevoice; the package lies in /root."""
    with copy_of_root(tmp_path_factory.mktemp("debian")) as root:
        shutil.copy(package, root / "root/edgevoice.deb")
        # Images for containers forbid packages to touch services; machines do not.
        (root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        with booted(root) as running:
            yield running


def everything(guest: Guest) -> set[str]:
    """All paths but those the books of packages keep."""
    found = guest.said("find /etc /opt /usr /var /run/edgevoice* -xdev 2>/dev/null || true")
    return {path for path in found.splitlines() if not re.match(BOOKS, path)}


def test_nothing_of_where_and_when_it_was_made_is_in_it(package: Path) -> None:
    listed = subprocess.run(
        ["dpkg-deb", "-c", package], capture_output=True, text=True, check=True, env={"TZ": "UTC"}
    ).stdout.splitlines()
    assert {" ".join(line.split()[3:5]) for line in listed} == {"2023-11-14 22:13"}
    assert {line.split()[1] for line in listed} == {"root/root"}
    names = [line.split()[5] for line in listed]
    assert not [name for name in names if re.search(r"/RECORD$|direct_url\.json$", name)]
    models = {Path(model.name).name for offer in catalogue.read() for model in offer.models}
    assert not [name for name in names if Path(name).name in models]
    assert len([name for name in names if name.endswith(".pyc")]) > 1000
    assert "./usr/share/doc/edgevoice/edgevoice.cdx.json" in names


def test_from_installing_to_purging(machine: Guest) -> None:
    before = everything(machine)
    told = machine.said("apt-get install -y --no-install-recommends /root/edgevoice.deb")
    assert "CC BY-NC-SA" in told and "sudo edgevoice setup" in told
    is_installed_and_waits(machine)
    runs(machine)
    the_other_way_to_install_refuses(machine)
    an_upgrade_restarts_what_runs(machine)
    a_removal_keeps_what_is_the_owners(machine)
    machine.said("dpkg --purge edgevoice")
    assert written_by(machine, everything(machine) - before) == set()
    assert machine.run("getent passwd edgevoice edgevoice-relay").returncode != 0


def written_by(guest: Guest, paths: set[str]) -> set[str]:
    """Those not merely seen through it: other tests write to the root under the copy."""
    upper = guest.root.parent / "upper"
    return {path for path in paths if os.path.lexists(upper / path.lstrip("/"))}


def is_installed_and_waits(guest: Guest) -> None:
    assert guest.said("edgevoice --version") == f"edgevoice {__version__}"
    for unit in UNITS:
        assert guest.run(f"systemctl is-enabled {unit}").stdout.strip() == "disabled"
        assert guest.shown(unit, "ActiveState") == "inactive"
        assert guest.shown(unit, "FragmentPath").endswith(f"/lib/systemd/system/{unit}.service")
    assert guest.said("stat -c %U /etc/edgevoice/tokens") == "edgevoice-relay"
    assert "models install" in guest.run("edgevoice doctor").stdout
    assert guest.run("find /usr/lib/edgevoice -newermt 2024-01-01 -type f").stdout == ""


def runs(guest: Guest) -> None:
    """Set up by one command, with the models that it would fetch already there."""
    shutil.copytree(search_path()[0], guest.root / "var/lib/edgevoice-models", dirs_exist_ok=True)
    guest.write("/etc/edgevoice/config.d/test.yaml", CONFIG)
    guest.write("/etc/edgevoice/token", guest.said("edgevoice relay token board") + "\n", 0o600)
    told = guest.said("edgevoice setup --yes --relay here")
    assert "edgevoice stays up" in told and 'say "Alexa' in told
    assert '"state": "idle"' in guest.said("edgevoice status --json")


def the_other_way_to_install_refuses(guest: Guest) -> None:
    shutil.copytree(CHECKOUT / "scripts", guest.root / "root/clone/scripts")
    done = guest.run("/root/clone/scripts/install --relay here --yes --dry-run 2>&1")
    assert done.returncode != 0 and "as a Debian package already" in done.stdout


def an_upgrade_restarts_what_runs(guest: Guest) -> None:
    old = {unit: guest.shown(unit, "MainPID") for unit in UNITS}
    guest.said("echo '# mine' >> /etc/edgevoice/config.yaml")
    told = guest.said("dpkg -i /root/edgevoice.deb 2>&1")
    assert "CC BY-NC-SA" not in told
    for unit in UNITS:
        assert guest.shown(unit, "ActiveState") == "active", guest.log_of(unit)
        assert guest.shown(unit, "MainPID") != old[unit]
    assert "# mine" in guest.said("cat /etc/edgevoice/config.yaml")


def a_removal_keeps_what_is_the_owners(guest: Guest) -> None:
    guest.said("dpkg --remove edgevoice")
    for unit in UNITS:
        assert guest.shown(unit, "ActiveState") == "inactive"
    assert guest.run(f"test -e {HOME} || test -e /usr/bin/edgevoice").returncode != 0
    guest.said(f"test -e /etc/edgevoice/config.yaml && test -d {' && test -d '.join(STATES)}")


def test_beside_another_installation_it_refuses(machine: Guest) -> None:
    machine.said("dpkg-deb --control /root/edgevoice.deb /root/control")
    preinst = "sh /root/control/preinst install 2>&1"
    assert machine.run(preinst).returncode == 0
    machine.said("mkdir -p /opt/edgevoice")
    done = machine.run(f"{preinst}; status=$?; rmdir /opt/edgevoice; exit $status")
    assert done.returncode != 0
    assert "scripts/install --uninstall" in done.stdout


def test_lintian_has_nothing_to_say(lintian: subprocess.Popen[str]) -> None:
    told, _ = lintian.communicate(timeout=300)
    assert lintian.returncode == 0, told


def test_the_same_source_makes_the_same_package(
    package: Path, again: tuple[Path, subprocess.Popen[str]]
) -> None:
    folder, running = again
    told, _ = running.communicate(timeout=300)
    assert running.returncode == 0, told
    made = folder / package.name
    with package.open("rb") as one, made.open("rb") as other:
        digests = [hashlib.file_digest(file, "sha256").hexdigest() for file in (one, other)]
    assert digests[0] == digests[1]
