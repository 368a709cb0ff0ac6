"""A clean Debian to install on: made by mmdebstrap, kept as an archive, unpacked for each trial.

What reaches this machine's package mirrors reaches them from there, too, but lies in the
copy only: nothing of it is part of edgevoice.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.systemd.guest import CHECKOUT, sh

MIRROR = "http://deb.debian.org/debian"
# What Raspberry Pi OS Lite and an installed Debian have, and debootstrap's least has not.
USUAL = "python3,systemd,systemd-sysv,udev,dbus,sudo,git,ca-certificates,iproute2,procps,less"
OWNER = "pi"


def archive(suite: str, arch: str, folder: Path) -> Path:
    """The packed root; made where it is not there yet."""
    path = folder / f"{suite}-{arch}.tar"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.tar")
        make = ["mmdebstrap", "-q", "--variant=minbase", f"--architectures={arch}"]
        make += ["--skip=check/qemu"]  # emulation is our own affair
        sh(*make, f"--include={USUAL}", suite, part, MIRROR)
        part.rename(path)
    return path


def unpack(packed: Path, root: Path) -> None:
    root.mkdir(parents=True)
    sh("tar", "-xpf", packed, "-C", root, "--numeric-owner")


def furnish(root: Path) -> None:
    """The owner's account as an installer leaves it, and this repository where git finds it."""
    inside(root, "useradd", "-m", "-s", "/bin/bash", OWNER)
    (root / "etc/sudoers.d").mkdir(exist_ok=True)
    (root / "etc/sudoers.d/owner").write_text(f"{OWNER} ALL=(ALL) NOPASSWD: ALL\n")
    (root / "etc/hostname").write_text("kitchen\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost kitchen\n")
    (root / "etc/machine-id").write_text("")
    repository = root / "srv/edgevoice.git"
    sh("git", "clone", "-q", "--bare", CHECKOUT, repository)
    inside(root, "chown", "-R", OWNER, "/srv/edgevoice.git")
    as_this_machine(root)


def as_this_machine(root: Path) -> None:
    """Name servers, certificates and mirrors, as far as this machine has its own."""
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    if bundle.exists():
        shutil.copy(bundle, root / "etc/ssl/certs/ca-certificates.crt")
    wanted = [line for line in pip_settings() if line.split(" = ")[0] in ("cert", "index-url")]
    (root / "etc/pip.conf").write_text("\n".join(["[global]", *wanted]) + "\n")


def pip_settings() -> list[str]:
    """As lines of a pip.conf; of several places the one that pip lists last."""
    done = subprocess.run(
        ["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = value.strip("'\"")
    return [f"{name} = {value}" for name, value in found.items()]


def inside(root: Path, *words: str, options: Sequence[str] = ()) -> str:
    """What a command says that is run in there before anything is booted."""
    done = subprocess.run(
        ["chroot", *options, root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout
